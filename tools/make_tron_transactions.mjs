// Makes tests/chains/tron_transactions.json: one signed TRON transaction for every contract type that tronweb builds.
//
// Nothing is sent anywhere and nobody's keys are used: the keys are the SHA-256 of a sentence, and the block that the
// transactions refer to is made up. Run it in a folder where `npm i tronweb@6.5.1` has been run:
//
//     node /path/to/tools/make_tron_transactions.mjs > /path/to/tests/chains/tron_transactions.json
//
// The same input gives the same file, byte for byte: signatures are deterministic (RFC 6979).

import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const entry = createRequire(path.join(process.cwd(), 'here.js')).resolve('tronweb');
const loaded = await import(pathToFileURL(entry).href);
const TronWeb = loaded.TronWeb ?? loaded.default.TronWeb;

const key = (n) => createHash('sha256').update(`test key ${n}, worth nothing`).digest('hex');
const tron = new TronWeb({ fullHost: 'http://127.0.0.1:1', privateKey: key(0) });
const address = (n) => tron.address.fromPrivateKey(key(n));
const [owner, friend, third, token] = [address(0), address(1), address(2), address(3)];
const blockHeader = {
  ref_block_bytes: '5d1e',
  ref_block_hash: '0a0b0c0d0e0f1011',
  expiration: 1750000060000,
  timestamp: 1750000000000,
};
const options = { blockHeader, txLocal: true };
const build = tron.transactionBuilder;
const call = async (to, name, args, more = {}) =>
  (await build.triggerSmartContract(to, name, { ...options, feeLimit: 100000000, ...more }, args, owner)).transaction;
const permission = (type, name, threshold, keys, more = {}) => ({
  type,
  permission_name: name,
  threshold,
  keys: keys.map(([who, weight]) => ({ address: who, weight })),
  ...more,
});

const makers = {
  'trx': () => build.sendTrx(friend, 1234567, owner, options),
  'trx-largest': () => build.sendTrx(friend, Number.MAX_SAFE_INTEGER, owner, options),
  'trx-with-memo': async () => {
    const plain = await build.sendTrx(friend, 5000000, owner, options);
    return build.addUpdateData(plain, 'deposit 4711', 'utf8', { txLocal: true });
  },
  'trx-by-two-keys': () => build.sendTrx(friend, 77, owner, { ...options, permissionId: 2 }),
  'trc10': () => build.sendToken(friend, 42, '1002000', owner, options),
  'trc10-purchase': () => build.purchaseToken(friend, '1002000', 1000000, owner, options),
  'trc10-issue': () =>
    build.createToken(
      {
        name: 'Test',
        abbreviation: 'TST',
        description: 'a token of a test',
        url: 'https://token.example',
        totalSupply: 1000000,
        trxRatio: 1,
        tokenRatio: 10,
        saleStart: 4102444800000,
        saleEnd: 4102531200000,
        frozenAmount: 100,
        frozenDuration: 3,
        precision: 2,
        ...options,
      },
      owner,
    ),
  'trc10-update': () =>
    build.updateToken({ description: 'new', url: 'https://new.example', freeBandwidth: 0, freeBandwidthLimit: 0, ...options }, owner),
  'trc20-transfer': () =>
    call(token, 'transfer(address,uint256)', [
      { type: 'address', value: friend },
      { type: 'uint256', value: '2500000' },
    ]),
  'trc20-issue': () => call(token, 'issue(uint256)', [{ type: 'uint256', value: '1000' }]),
  'call-with-trx': () => call(token, 'deposit()', [], { callValue: 9000000 }),
  'call-with-trc10': () => call(token, 'deposit()', [], { callValue: 3, tokenValue: 8, tokenId: 1002000 }),
  'create-contract': () =>
    build.createSmartContract(
      {
        abi: [{ type: 'constructor', inputs: [], stateMutability: 'payable', payable: true }],
        bytecode: '6080604052348015600f57600080fd5b50603f80601d6000396000f3fe',
        name: 'Vault',
        callValue: 7000000,
        userFeePercentage: 50,
        originEnergyLimit: 1000000,
        feeLimit: 900000000,
        ...options,
      },
      owner,
    ),
  'update-setting': () => build.updateSetting(token, 30, owner, options),
  'update-energy-limit': () => build.updateEnergyLimit(token, 5000000, owner, options),
  'clear-abi': () => build.clearABI(token, owner, options),
  'update-brokerage': () => build.updateBrokerage(15, owner, options),
  'create-account': () => build.createAccount(friend, owner, options),
  'update-account': () => build.updateAccount('a name', owner, options),
  'set-account-id': () => build.setAccountId('0x6161616161616161', owner, options),
  'freeze-v1': () => build.freezeBalance(10000000, 3, 'ENERGY', owner, friend, options),
  'unfreeze-v1': () => build.unfreezeBalance('ENERGY', owner, friend, options),
  'freeze-v2': () => build.freezeBalanceV2(20000000, 'ENERGY', owner, options),
  'unfreeze-v2': () => build.unfreezeBalanceV2(5000000, 'BANDWIDTH', owner, options),
  'withdraw-expired': () => build.withdrawExpireUnfreeze(owner, options),
  'cancel-unfreeze': () => build.cancelUnfreezeBalanceV2(owner, options),
  'delegate': () => build.delegateResource(6000000, friend, 'ENERGY', owner, true, 100, options),
  'undelegate': () => build.undelegateResource(6000000, friend, 'BANDWIDTH', owner, options),
  'withdraw-reward': () => build.withdrawBlockRewards(owner, options),
  'vote': () => build.vote({ [friend]: 5, [third]: 6 }, owner, options),
  'candidate': () => build.applyForSR(owner, 'https://candidate.example', options),
  'candidate-update': () => build.updateWitness(owner, 'https://again.example', options),
  'proposal-create': () => build.createProposal([{ key: 1, value: 100000 }, { key: 3, value: 1000 }], owner, options),
  'proposal-approve': () => build.voteProposal(9, true, owner, options),
  'proposal-delete': () => build.deleteProposal(9, owner, options),
  'exchange-create': () => build.createTokenExchange('1002000', 500, '1002001', 600, owner, options),
  'exchange-create-trx': () => build.createTRXExchange('1002000', 500, 700, owner, options),
  'exchange-inject': () => build.injectExchangeTokens(12, '1002000', 50, owner, options),
  'exchange-withdraw': () => build.withdrawExchangeTokens(12, '1002000', 40, owner, options),
  'exchange-trade': () => build.tradeExchangeTokens(12, '1002000', 30, 1, owner, options),
  'permission-update': () =>
    build.updateAccountPermissions(
      owner,
      permission(0, 'owner', 2, [[friend, 1], [third, 1]]),
      undefined,
      [permission(2, 'spend', 1, [[third, 1]], { operations: '7fff1fc0033e0000000000000000000000000000000000000000000000000000' })],
      options,
    ),
};
const signedBy = { 'trx-by-two-keys': [1, 2] };

const bytes = (hex) => Uint8Array.from(Buffer.from(hex, 'hex'));
const rows = [];
for (const [name, make] of Object.entries(makers)) {
  let transaction = await make();
  for (const n of signedBy[name] ?? [0]) {
    transaction = signedBy[name]
      ? await tron.trx.multiSign(transaction, key(n), 0).catch(() => tron.trx.sign(transaction, key(n), false, true))
      : await tron.trx.sign(transaction, key(n));
  }
  const { Transaction } = globalThis.TronWebProto;
  const whole = new Transaction();
  whole.setRawData(Transaction.raw.deserializeBinary(bytes(transaction.raw_data_hex)));
  transaction.signature.forEach((each) => whole.addSignature(bytes(each.replace(/^0x/, ''))));
  const result = new Transaction.Result();
  result.setContractret(1);
  whole.addRet(result);
  const { contract } = transaction.raw_data;
  rows.push({
    name,
    type: contract[0].type,
    txID: transaction.txID,
    raw: Buffer.from(whole.serializeBinary()).toString('hex'),
    value: contract[0].parameter.value,
    permission_id: contract[0].Permission_id ?? 0,
    signers: (signedBy[name] ?? [0]).map(address),
    ...(transaction.contract_address ? { contract_address: transaction.contract_address } : {}),
  });
}
process.stdout.write(`${JSON.stringify({ made_by: 'tools/make_tron_transactions.mjs with tronweb 6.5.1', addresses: { owner, friend, third, token }, transactions: rows }, null, 1)}\n`);
