// Builds and signs TRON transactions offline with tronweb, as tests/nodes/tronbuilder.py asks on standard input:
// a list of {kind, key, arguments, header, memo}. Nothing is sent anywhere.
const { TronWeb, utils } = require("tronweb");

async function build(web, step) {
  const builder = web.transactionBuilder;
  const options = { blockHeader: step.header };
  const from = web.address.fromPrivateKey(step.key);
  const a = step.arguments;
  switch (step.kind) {
    case "trx": return builder.sendTrx(a.to, a.sun, from, options);
    case "trc10": return builder.sendToken(a.to, a.units, a.token, from, options);
    case "create": return builder.createAccount(a.account, from, options);
    case "freeze": return builder.freezeBalanceV2(a.sun, a.resource, from, options);
    case "unfreeze": return builder.unfreezeBalanceV2(a.sun, a.resource, from, options);
    case "delegate": return builder.delegateResource(a.sun, a.to, a.resource, from, false, 0, options);
    case "undelegate": return builder.undelegateResource(a.sun, a.to, a.resource, from, options);
    case "vote": return builder.vote(a.votes, from, options);
    case "reward": return builder.withdrawBlockRewards(from, options);
    case "permission": return builder.updateAccountPermissions(from, a.owner, null, [a.active], options);
    case "call": {
      const made = await builder.triggerSmartContract(
        a.contract, a.signature,
        { txLocal: true, feeLimit: 100000000, callValue: a.sun || 0, blockHeader: step.header },
        a.parameters, from);
      return made.transaction;
    }
    default: throw new Error(`no such kind: ${step.kind}`);
  }
}

async function main() {
  const steps = JSON.parse(require("fs").readFileSync(0, "utf8"));
  const web = new TronWeb({ fullHost: "http://127.0.0.1:1" });
  const signed = [];
  for (const step of steps) {
    let transaction = await build(web, step);
    if (step.memo) transaction = await web.transactionBuilder.addUpdateData(transaction, step.memo, "utf8", { txLocal: true });
    signed.push(await web.trx.sign(transaction, step.key));
  }
  process.stdout.write(JSON.stringify(signed));
}

main().catch((error) => { console.error(error); process.exit(1); });
