"""English messages of a report on an account chain: in place of those that speak of outputs, or beside them."""

from __future__ import annotations

from collections.abc import Mapping

MESSAGES: Mapping[str, str] = {
    # --- rules --------------------------------------------------------------------------------------------------------
    "rule.fifo.text": "Units leave an account’s holding of an asset in the order in which they entered it. What the "
    "account held before the first claimed units came in entered first.",
    "rule.haircut.text": "Every transfer out of a holding carries claimed and other units in the proportion in which "
    "the holding has them at that moment.",
    "rule.lifo.text": "Units leave a holding in the reverse of the order in which they entered it.",
    "rule.taint_first.text": "Claimed units leave a holding first, in the order of its transfers.",
    "rule.seniority.text": "Claimed units fill the transfers out of a holding in their order.",
    "rule.tiho.text": "Of the transfers out of a holding in one transaction, claimed units fill the highest first.",
    "rule.poison.name": "poison",
    "rule.poison.text": "Every transfer out of a holding that was reached is itself reached. The result is a set of "
    "transfers, not an amount.",
    # --- summary ------------------------------------------------------------------------------------------------------
    "summary.facts": "The report covers transactions: {transactions}, addresses: {addresses}. Transfers, fees and "
    "whether a transaction succeeded are results of execution; a row says “as reported” where they do not stand in the "
    "bytes of the transaction.",
    "summary.rule": "Where claimed units meet others in one account’s holding, the chain does not record which unit "
    "left in which transfer. Shares are therefore computed by one named rule, applied to every holding alike: {rule}. "
    "{text}",
    "summary.reach": "Where claimed units meet others in one account’s holding, the chain does not record which unit "
    "left in which transfer. This report states which transfers are reached under one named rule, applied to every "
    "holding alike; it states no shares: {rule}. {text}",
    "summary.unhosted": "These units are part of the balances of accounts that no loaded tag names. They may have "
    "moved since block {height}.",
    "summary.open": "What was not followed, and what is not known, is in section 10. Every amount leads to a row: T "
    "transactions, A addresses, H places where the trace ends, P touch points with services, C histories of holdings, "
    "E evidence.",
    "summary.unchecked": "Shares in these rows rest on holdings whose history is not shown to be complete "
    "({checks}, section 9). One omitted transfer would change every share after it.",
    "summary.checked": "Every share in this report rests on holdings whose history is complete to the base unit "
    "between the stated blocks (section 9).",
    "rests_on": "This share rests on holdings whose history is not shown to be complete: {checks}.",
    "rests_on.short": "rests on {checks}",
    # --- sources ------------------------------------------------------------------------------------------------------
    "sources.verified": "From the recorded answers {software} read the transactions and what they moved. Where the "
    "source gave a transaction’s bytes, its hash was recomputed from them. Token transfers, internal calls, fees and "
    "success do not stand in those bytes: they are as the source reports them.",
    "sources.reported": "In these transactions at least one amount is as reported by the source ({source}).",
    "sources.no_reported": "Every amount was read from bytes that match the hash of its transaction.",
    "sources.assets": "These assets occur. Symbol and decimals are what the contract or a list says; anybody can give "
    "a contract any symbol, so an asset is named by its contract.",
    "table.assets": "Assets",
    "column.asset": "Asset (contract)",
    "column.symbol": "Symbol",
    "column.decimals": "Decimals",
    "column.basis": "Where both are from",
    "asset.coin": "the chain’s own coin",
    "asset.no_decimals": "not known",
    # --- method -------------------------------------------------------------------------------------------------------
    "class.L1.use": "Anyone can check it from the hash of the transaction and a node of the chain.",
    "class.L2.use": "Two movements joined by a protocol: the wrapping of a coin, unit for unit, in one transaction.",
    "method.mechanical": "The rule is applied mechanically to every holding, in chain order. A holding is one "
    "account’s units of one asset: two assets of one account, and two accounts, are never mixed.",
    "method.no_join": "A transfer records who paid, who was paid, of which asset and how much. It does not record "
    "which of the units that came in earlier it passes on. No statement in this report joins an incoming transfer to "
    "an outgoing one as a fact.",
    "method.opening": "What an account held of an asset before the first claimed units came in is its opening balance. "
    "It is the first, unclaimed part of the holding. How it is known stands in section 9: from the full history, from "
    "a balance read at that block, or computed backwards from a later balance.",
    "method.fees": "The network’s fee is paid in the chain’s own coin, from the holding of whoever paid it, who need "
    "not be the sender. It never reduces a token transfer. A transaction that failed moved nothing but its fee.",
    "method.order": "The order of movements is that of their execution: the block, the place of the transaction in "
    "it, the place of the call or of the event in the transaction.",
    "method.order_assumed": "No source tells the order of some movements. The order used is assumed, and the opposite "
    "order was tried.",
    "method.integer": "Shares are whole base units. A proportional share that is not whole is rounded down; the "
    "missing units go to the largest remainders, ties to the earlier claim. The shares and the unclaimed rest in "
    "every transfer still sum to its amount, and every claim is conserved.",
    "method.accounts": "An account stands for itself. No accounts were grouped.",
    "method.stops_text": "The trace stops at an address tagged as a service (addresses given as services: "
    "{services}), at an account with more transfers than the limit, where units rest in a balance, and at the limits "
    "below. Each end has its amount and its row.",
    "method.times": "Times are UTC. The time of a block is the statement of its producer; rows are ordered by their "
    "place in the chain (height, place in the block), never by time. Places in a block, calls and events are counted "
    "from 0.",
    "setting.hop limit": "Limit of hops (transfers after the claimed one)",
    "setting.limit of transfers of an account": "Most transfers of an account that is still followed",
    # --- findings -----------------------------------------------------------------------------------------------------
    "finding.moves": "Transaction {transaction} ({place}; {outcome}): {moves}.",
    "finding.moves_none": "Transaction {transaction} ({place}; {outcome}): no value moved.",
    "outcome.succeeded": "succeeded",
    "outcome.failed": "failed",
    "outcome.unknown": "whether it succeeded is not told",
    "finding.move.transfer": "{payer} pays {payee} {amount} ({name}){spent}",
    "finding.move.fee": "network fee {amount}, paid by {payer} ({name})",
    "finding.move.fee_to": "network fee {amount}, paid by {payer} to {payee} ({name})",
    "finding.move.issuance": "{amount} is issued to {payee} ({name})",
    "finding.move.burn": "{amount} of {payer} is destroyed ({name})",
    "finding.on_trace": " – on the path of this trace",
    "finding.further_moves": "and further movements: {count}",
    "finding.sender": "Signed by {sender}.",
    "finding.reported": "As reported by the source: these are results of execution.",
    "finding.untold": "The sources could not tell: {what}.",
    "finding.assumed": "The order of its movements is assumed.",
    "finding.claim": "{claimant} claims {amount} of transfer {flow}. That these units are the claimant’s was given, "
    "not examined. {basis}",
    "finding.collision": "{amount} claimed by {claimant} in transfer {flow} are already claimed by an earlier claim; "
    "the earlier claim stands.",
    "finding.end": "{end}: under the rule {rule}, transfer {place} (amount {units}, to address {address}) carries the "
    "claimed share {shares}. {reason}",
    "finding.end_poison": "{end}: transfer {place} (amount {units}, to address {address}) is reached from the claims "
    "of {shares}. {reason}",
    "finding.held": "{end}: under the rule {rule}, the balance of address {address} ({units}) holds the claimed share "
    "{shares}. {reason}",
    "finding.held_poison": "{end}: the balance of address {address} ({units}) is reached from the claims of {shares}. "
    "{reason}",
    "finding.poison": "Under the rule poison a transfer is reached or not reached. No share is stated and nothing is "
    "summed.",
    "finding.gone.burn": "Under the rule {rule}, the claimed share {shares} was destroyed.",
    "finding.conversion": "In transaction {transaction} one asset was exchanged for another unit for unit ({basis}). "
    "The trace goes on in the other asset.",
    # --- schedules ----------------------------------------------------------------------------------------------------
    "transactions.text": "Transactions stand in chain order, and under each its movements in theirs. Transaction "
    "hashes, block hashes and addresses are given in full, as explorers of the chain print them.",
    "transactions.shares": "The last column is a convention: the claimed share under the rule {rule}. What a holding "
    "received and paid is added up in section 9.",
    "transactions.reach": "The last column is a convention: which transfers are reached under the rule {rule}. It "
    "states no amount.",
    "holdings.reach": "Each row is a place where the trace ends: the full amount is a fact; that it is reached holds "
    "under the rule {rule}.",
    "reason.unspent": "In the balance",
    "reason.crowded": "Account of very many transfers",
    "end.held": "The units are part of the account’s balance at the end of what is known of it.",
    "end.crowded": "The account has more transfers than the limit. What happens in such an account is not one "
    "person’s doing, and it was not followed. As recorded: “{detail}”.",
    "end.dust": "The claimed share is below the limit of {limit}.",
    "end.burn": "It was destroyed.",
    "end.fee": "Network fee: destroyed, or paid to the producer of the block; not followed.",
    "table.claims": "Claimed transfers",
    "table.transactions": "Transactions and what they moved",
    "table.gone": "Network fees, destroyed units, and what left the ledger",
    "column.claimed_output": "Transfer",
    "column.units_from_to": "Units of the transfer, from – to",
    "column.side": "Movement",
    "column.address_output": "From – to",
    "kind.transfer": "transfer",
    "kind.issuance": "new units",
    "kind.burn": "destroyed",
    "from": "from",
    "to": "to",
    "nobody": "nobody",
    "block_head": "block {height}, hash",
    "txid": "hash",
    "spent": "paid",
    # --- figure -------------------------------------------------------------------------------------------------------
    "figure.caption": "Boxes are holdings: one account’s units of one asset, in the order in which claimed units "
    "reached them. A band is a transfer, or several between the same two holdings: its outline is the amount (fact, "
    "L1); the filled part is the claimed share under the rule {rule} (convention, L3). Bands end at the edge of a box "
    "and begin at the other edge: the chain does not record which incoming unit left in which transfer.",
    "figure.caption_poison": "Boxes are holdings: one account’s units of one asset. A band is a transfer, or several "
    "between the same two holdings: its outline is the amount (fact, L1); filled bands are reached under the rule "
    "poison, which states no amount. A band that is reached from several claims is divided equally between them; the "
    "division is no share.",
    "figure.caption_unchecked": "† The share rests on a holding whose history is not shown to be complete (section 9).",
    "figure.folded": "Not drawn one by one: holdings: {transactions}, ends: {ends}, with a claimed share of {amount}. "
    "Those with the largest claimed amounts are drawn; all of them stand in the schedules.",
    "figure.folded_poison": "Not drawn one by one: holdings: {transactions}, ends: {ends}. All of them stand in the "
    "schedules.",
    "figure.other_inputs": "other units in it",
    "figure.other_outputs": "other transfers: {count}",
    "figure.held": "balance",
    "figure.back": "back to {holding}",
    "figure.conversion": "wrap",
    "figure.legend.transfer": "outline: transfer, full amount (fact)",
    # --- reconciliation, histories ------------------------------------------------------------------------------------
    "reconciliation.text": "For each claimant and asset, what was claimed is set against what is at the ends, to the "
    "base unit. What was exchanged into another asset unit for unit leaves one asset and enters the other.",
    "reconciliation.poison": "No reconciliation is made: the rule poison gives a set of transfers, and its amounts are "
    "never summed.",
    "reconcile.converted_in": "Received for another asset (wrap)",
    "reconcile.converted_out": "Given for another asset (wrap; deducted)",
    "histories.head": "Histories of the holdings",
    "histories.text": "For each holding that claimed units entered: opening balance + received − paid is set against "
    "the balance that a source gave. The balance and the completeness of the history are what sources say; that the "
    "figures agree to the base unit speaks for it.",
    "histories.none": "The dossier states nothing about the completeness of the histories: no share in this report is "
    "shown to rest on a complete one.",
    "table.histories": "Histories of the holdings",
    "column.holding": "Holding",
    "column.opening": "Opening",
    "column.moved": "Received, paid",
    "column.balance": "Expected, read",
    "column.grade": "Completeness",
    "histories.before": "before block {height}",
    "basis.full history": "full history",
    "basis.balance read at that block": "balance read",
    "basis.balance now minus what moved since": "computed backwards from a later balance",
    "histories.received": "received",
    "histories.paid": "paid",
    "histories.expected": "expected",
    "histories.read": "read at block {height}",
    "histories.not_read": "no balance read",
    "histories.adjusted": "of which by the token itself: {units}",
    "grade.complete": "complete between blocks {first} and {last}",
    "grade.difference": "difference of {units} base units between blocks {first} and {last}",
    "grade.not checked": "not checked between blocks {first} and {last}",
    "histories.problem": "As recorded: “{detail}”.",
    # --- limits -------------------------------------------------------------------------------------------------------
    "limits.why.crowded": "The limit of transfers was set before the trace; accounts of very many transfers are "
    "mostly services.",
    "limits.gone": "Fees and destroyed units are listed in section 8.",
    "limits.notices": "What else these transactions did",
    "limits.notice": "Transaction {transaction}: {what}. It is stated and not followed.",
    "limits.sign": "Sign of spam or of address poisoning, transaction {transaction}: {what}.",
    "limits.no_notice": "Nothing else was noticed in these transactions.",
    "limits.missing": "What the sources could not tell",
    "limits.missing_text": "Of transaction {transaction} the sources could not tell: {what}. What moved by it is in "
    "no amount of this report.",
    "limits.assumed": "Order that is assumed",
    "limits.assumed_same": "No source tells the order of some movements. With that order turned round every share in "
    "this report is the same.",
    "limits.assumed_other": "No source tells the order of some movements. With that order turned round these "
    "transfers carry other shares: {flows}.",
    "limits.assumed_impossible": "No source tells the order of some movements. With that order turned round an "
    "account would pay what it does not hold, so that order cannot be the right one as a whole; parts of it were not "
    "tried.",
    "limits.completeness": "A source that omits a transfer, or misstates what a transaction did, is noticed only "
    "where a balance, another source or a later block shows it. What each history was held against is in section 9.",
    "limits.unspent": "A balance is as reported at the stated block. It may have changed since.",
    "limits.order": "Whether the order of movements says anything about intent is not known.",
    "limits.issuer": "The issuer of a token may be able to freeze or to destroy units. That is a fact of the token’s "
    "contract and is stated in a sheet of its own.",
    "notice.permission-change": "the rights over an account were changed",
    "notice.delegation": "a resource was lent; no value moves by that",
    "notice.delegation-ended": "a lent resource was taken back; no value moves by that",
    "notice.not-recomputed": "its hash does not follow from what was told, so it stands as the source reports it",
    "notice.unjoined-conversion": "a wrapper's coin was exchanged, and no source tells the other side of it",
    "notice.unknown-type": "its type is not known to this version, and its hash was not recomputed",
    "notice.unknown-contract-type": "its kind is not known to this version",
    "notice.token-adjusts-balances": "the token itself changed a balance",
    "notice.detail": "{word}. As recorded: “{detail}”",
    # --- touch points with services -----------------------------------------------------------------------------------
    "class.L4.used": "An inference from behaviour, with its parameters beside it: deposit addresses of services "
    "(section 5), signs of spam and of address poisoning (section 10).",
    "summary.classes_inferred": "How sure: facts of the ledger are marked L1 and can be checked by anyone; shares are "
    "marked L3 and hold only under the named rule; inferences from behaviour are marked L4 and hold only under their "
    "parameters; statements of others are marked L5 and were not examined. They are never added up together.",
    "summary.point": "Touch points with “{service}”: {flows}, into {addresses}, taken for deposit addresses that "
    "“{service}” gave to customers (section 5). The service should be asked about these addresses, not about the "
    "account that they are emptied into.",
    "summary.point_direct": "Touch points with “{service}”: {flows}, straight to {addresses}, tagged as accounts of "
    "the service (section 5). The service should be asked whose these transfers were.",
    "findings.points": "Touch points with services",
    "finding.point": "{point}: transfer {flow} (amount {amount}, claimed share {shares}) was made into address "
    "{address}. It is taken for a deposit address that “{service}” gave to a customer: of what is known to have left "
    "it, the part {part} (1 is all) went to accounts tagged as “{service}” ({accounts}), in payments: {count}; other "
    "accounts paid: {others}; not tested: {untested}. {sweep} “{service}” should be asked about this transfer and "
    "about {full}; the accounts that the address is emptied into are not the customer’s. Of those accounts: {tags}"
    "{rests}",
    "finding.point_sweep": "After this transfer it was emptied by transaction {hash} ({place}; {delay} later; {amount} "
    "to {account}).",
    "finding.point_unswept": "After this transfer it was not emptied yet, as far as is known.",
    "finding.point_direct": "{point}: transfer {flow} (amount {amount}, claimed share {shares}) was made straight to "
    "address {address} ({full}). The transfer is a fact (L1); that the address is an account of “{service}” is a "
    "statement (L5). Whose account with the service it served is not on the chain: “{service}” should be asked about "
    "transaction {hash}. {tags}{rests}",
    "finding.point_no_tag": "The case names it as a service; no loaded tag does.",
    "finding.point_parameters": "Parameters under which an address is taken for a deposit address (L4): at least "
    "{share} of what left it went to one service; payments to it: at least {sweeps}; other accounts paid: at most "
    "{others}; the next such payment within {window} of the transfer; after most of them at most {residual} of it was "
    "left; tags of grade {grade} or better. A person who sent everything to one service from an address of their own "
    "looks the same.",
    "finding.point_sheets": "What a service needs is in its touch-point sheet, and what the issuer of a token needs is "
    "in the issuer sheet: one file per addressee, beside this report.",
    "duration.days": "{seconds} s ({count} days)",
    "duration.minutes": "{seconds} s ({count} minutes)",
    "table.points": "Touch points with services",
    "column.point": "Transfer, into address",
    "column.point_class": "Class",
    "points.direct": "tagged as an account of “{service}” (L5)",
    "taken_for": "taken for a deposit address of “{service}” (L4)",
    "limits.no_points": "No touch point with a service was found under these parameters: at least {share} of what left "
    "an address to one service, payments: at least {sweeps}, other accounts: at most {others}, within {window}, left "
    "after most of them: at most {residual}, tags of grade {grade} or better.",
    "limits.examined": "Looked at as possible deposit addresses of services, and not found to be any: {addresses}.",
    # --- what was recorded, in words ----------------------------------------------------------------------------------
    "recorded": "As recorded: “{detail}”",
    "notice.destroyed": "the token’s contract {contract} destroyed {amount} of address {address} ({place})",
    "notice.units": "{number} base units of a token that is not listed here",
    "notice.frozen": "the token’s contract {contract} has frozen address {address} ({place})",
    "notice.unfrozen": "the token’s contract {contract} has released address {address} again ({place})",
    "sign.zero_value": "a transfer of nothing. Kept out of the trace: no share rides on it",
    "sign.unsigned_zero": "a transfer of nothing that its payer did not sign. Kept out of the trace: no share rides on "
    "it",
    "sign.look_alike": "an address that begins and ends like another one. Not kept out of the trace",
    "sign.look_alike_dust": "a tiny amount from an address that looks like another one. Not kept out of the trace",
    "sign.fake_token": "a token with the symbol of a known one, of another contract. Kept out of the trace: another "
    "contract is another asset",
    "sign.disguised_symbol": "a symbol that only looks like what it says. Not kept out of the trace",
    "asset.read_at": "read from the contract at block {height}",
    "move.value": "value",
    "move.call": "call",
    "move.log": "log",
    "move.fee": "fee",
    "move.fee burnt": "fee burnt",
    "move.fee base": "base fee",
    "move.fee paid": "fee paid",
    "move.fee blob": "blob fee",
    "move.fee l1": "fee for the first layer",
    "move.fee operator": "operator fee",
    "move.mint": "mint",
    "move.adjustment": "adjustment",
    "move.withdrawal": "withdrawal",
    "move.reward": "reward",
    "histories.evidence": "balance read: {rows}",
    "evidence.text": "Transactions, and the balances that section 9 sets the histories against, were read from these "
    "recorded answers. Each is kept unchanged; its SHA-256 is given in full. Lists of transfers that no row names are "
    "kept in the archive of the case. Digest of the custody log’s entry of this trace: {head}.",
    "figure.together": "Transfers in one band: {bands}.",
}
