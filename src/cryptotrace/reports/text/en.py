"""English messages of the tracing report. Facts are recomputed, shares are conventions, tags are what others say."""

from __future__ import annotations

from collections.abc import Mapping

from cryptotrace.reports.text import en_tables

MESSAGES: Mapping[str, str] = {
    **en_tables.MESSAGES,
    # --- frame --------------------------------------------------------------------------------------------------------
    "document.kind": "Report on the movement of virtual assets",
    "page_of": "page {page} of {pages}",
    "running": "Case {case} · Report {report}",
    "mark.training": "TRAINING MATERIAL – {chain}, no value",
    "quoted": "“{text}”",
    "not_stated": "not stated",
    "to_complete": "to be completed by the signatory",
    "front.case": "Case",
    "front.report": "Report",
    "front.newest": "Newest block used",
    "front.cut_off": "Last answer received",
    "front.author": "Prepared by",
    "front.network": "Network",
    "front.rule": "Tracing rule",
    "front.software": "Software",
    "front.custody": "Custody log, entry of this trace",
    "section.question": "Question",
    "section.summary": "Summary",
    "section.sources": "Sources",
    "section.method": "Method and its limits",
    "section.findings": "Findings",
    "section.transactions": "Transaction schedule",
    "section.addresses": "Address schedule",
    "section.holdings": "Where it rests",
    "section.reconciliation": "Reconciliation",
    "section.limits": "Not followed and not known",
    "section.evidence": "Evidence",
    "section.declaration": "Declaration, and who must complete this document",
    # --- classes, rules -----------------------------------------------------------------------------------------------
    "class.L1": "Ledger fact",
    "class.L1.use": "Anyone can check it from the txid and the block.",
    "class.L2": "Link by protocol identifier",
    "class.L2.use": "Two movements joined by an identifier recorded on the chain. None is used in this report.",
    "class.L3": "Convention",
    "class.L3.use": "A share of mixed value, computed by the named rule. Another rule gives another share.",
    "class.L4": "Heuristic",
    "class.L4.use": "An inference from behaviour (joint spending, change). None is used in this report.",
    "class.L5": "Statement from outside the chain",
    "class.L5.use": "What a claimant, a tag or a source states. Reproduced, not examined.",
    "rule.fifo.name": "FIFO (first in, first out)",
    "rule.fifo.text": "Units leave a transaction in the order in which they entered it: inputs in their order fill "
    "outputs in their order, the network fee last.",
    "rule.haircut.name": "pro rata (haircut)",
    "rule.haircut.text": "Every output, and the network fee, carries claimed and other units in the proportion in "
    "which the transaction holds them.",
    "rule.libr.name": "lowest intermediate balance",
    "rule.libr.text": "Units that nobody claims leave first; a claim is touched only when they are used up.",
    "rule.lifo.name": "LIFO (last in, first out)",
    "rule.lifo.text": "Units leave a transaction in the reverse of the order in which they entered it.",
    "rule.taint_first.name": "claimed units first",
    "rule.taint_first.text": "Claimed units leave first, in the order of the outputs.",
    "rule.seniority.name": "seniority",
    "rule.seniority.text": "Claimed units fill the outputs in the order of their index.",
    "rule.tiho.name": "TIHO (claimed units to the highest output)",
    "rule.tiho.text": "Claimed units fill the outputs from the highest amount down.",
    "rule.poison.name": "poison",
    "rule.poison.text": "Every output of a transaction that spends a reached output is itself reached. The result is "
    "a set of outputs, not an amount.",
    "purpose.findings": "for findings",
    "purpose.comparison": "COMPARISON ONLY, not a basis for findings",
    "purpose.research": "RESEARCH RULE, not a basis for findings",
    "warning.comparison": "COMPARISON ONLY. The rule {rule} shows how far shares depend on the choice of a rule; the "
    "shares in this report are not a basis for findings.",
    "warning.research": "RESEARCH RULE. The rule {rule} is not used for findings; this report was made with it "
    "because it was asked for.",
    # --- 1 question ---------------------------------------------------------------------------------------------------
    "question.standard": "Where did the claimed units go, as far as the blockchain shows, and where do they rest "
    "under the named rule?",
    "question.given": "That these units are the claimants’ was given, not examined.",
    "claim.basis": "Basis stated: {basis}.",
    "claim.no_basis": "No basis was stated.",
    "claim.author": "Entered by: {author}.",
    # --- 2 summary ----------------------------------------------------------------------------------------------------
    "summary.claims": "Claimed amounts: {claims}. That these units are the claimants’ was given, not examined.",
    "summary.facts": "The report covers transactions: {transactions}, addresses: {addresses}. Amounts were read from "
    "the bytes of transactions that match their txids, except where a row says “as reported”.",
    "summary.rule": "Where claimed units meet others in one transaction, the chain does not record which unit went "
    "where. Shares are therefore computed by one named rule, applied to every transaction alike: {rule}. {text}",
    "summary.reach": "Where claimed units meet others in one transaction, the chain does not record which unit went "
    "where. This report states which outputs are reached under one named rule, applied to every transaction alike; it "
    "states no shares: {rule}. {text}",
    "summary.addressee": "Under the named rule the trace reaches an address attributed to “{label}” (creator of the "
    "tag: {creator}; source: {source}). What happens inside a service is not on the chain; the records of the service "
    "itself can show it.",
    "summary.unhosted": "These outputs are reported as unspent, and no loaded tag names their addresses. They may "
    "have moved since block {height}.",
    "summary.collisions": "Claims meet: {amount} of these amounts are already claimed by an earlier claim and were "
    "deducted (section 5).",
    "summary.classes": "How sure: facts of the ledger are marked L1 and can be checked by anyone; shares are marked "
    "L3 and hold only under the named rule; statements of others are marked L5 and were not examined. They are never "
    "added up together.",
    "summary.open": "What was not followed, and what is not known, is in section 10. Every amount leads to a row: T "
    "transactions, A addresses, H places where the trace ends, E evidence.",
    "finding.share": "{claimant}: {amount}",
    # --- 3 sources ----------------------------------------------------------------------------------------------------
    "sources.text": "These sources were asked. Nothing after the newest block given here is used.",
    "sources.verified": "From the recorded answers {software} read the bytes of the transactions and recomputed their "
    "txids; amounts and addresses of outputs are read from those bytes. The place of a transaction in its block was "
    "checked against the Merkle root where the source gave the block or a branch, and is as stated elsewhere.",
    "sources.reported": "In these transactions the amount of at least one input is as reported by the source "
    "({source}): the transaction that created the spent output is not held.",
    "sources.no_reported": "The amount of every input was read from the transaction that created the spent output.",
    "source.unnamed": "the connected source",
    "tip": "block {height}",
    # --- 4 method -----------------------------------------------------------------------------------------------------
    "method.classes": "Numbered paragraphs, tables and columns are marked with the class of what they state; "
    "explanations carry no mark.",
    "method.rule": "The rule",
    "method.rule_text": "Rule: {rule}. {text}",
    "method.purpose.findings": "Purpose of the rule {rule}: for findings. It is a convention about mixed value, not a "
    "fact of the ledger. Which rule the law requires is a question for the court.",
    "method.purpose.comparison": "Purpose of the rule {rule}: comparison only.",
    "method.purpose.research": "Purpose of the rule {rule}: research.",
    "method.mechanical": "The rule is applied mechanically to every transaction, in chain order, on outputs; never on "
    "addresses or groups of addresses.",
    "method.no_join": "A transaction records which outputs it spends and which outputs it creates. It does not record "
    "which input pays which output. No statement in this report joins an input to an output as a fact.",
    "method.assumptions": "Assumptions",
    "method.order": "The order of inputs and outputs in a transaction is set by the software of the wallet. Rules "
    "that depend on that order (FIFO, LIFO, seniority) assume that it may be used.",
    "method.given": "That the claimed units are the claimants’, and that they were taken as stated, was given, not "
    "examined.",
    "method.exact": "Shares are computed as exact fractions. A decimal that is cut off below one base unit is marked "
    "≈, and so is a fraction with a denominator of more than 30 digits; the JSON file holds it in full.",
    "method.integer": "Shares are whole base units. A proportional share that is not whole is rounded down; the "
    "missing units go to the largest remainders, ties to the earlier claim. The shares and the unclaimed rest in "
    "every output still sum to its amount, and every claim is conserved.",
    "method.roundings": "A share differs from the exact one by at most as many base units as shares were rounded "
    "upstream of it. That number stands in each row of section 8; the largest is {most}.",
    "method.poison": "The rule gives a set. Nothing is summed and no reconciliation is made.",
    "method.accounts": "Two encodings of one key are two addresses. No addresses were grouped.",
    "method.stops": "Where the trace stops, and settings",
    "method.stops_text": "The trace stops at an address tagged as a service (addresses given as services: "
    "{services}), at a transaction named a CoinJoin by the case, at an unspent output, and at the limits below. Each "
    "end has its amount and its row.",
    "method.writing": "How things are written",
    "method.numbers": "Amounts: decimal point, comma between groups of three digits; beside or below each decimal "
    "stands the same amount in base units (in running text in parentheses).",
    "method.times": "Times are UTC. The time of a block is the statement of its producer; rows are ordered by their "
    "place in the chain (height, place in the block), never by time. Places in a block, inputs and outputs are counted "
    "from 0.",
    "method.foreign": "Labels and messages of others are reproduced as text. A character that cannot be seen, or a "
    "letter of another script inside a word, is shown by its code point, e.g. ⟨U+202E⟩.",
    "setting.rule": "Rule",
    "setting.reason for the rule": "Reason for the rule, as entered before the trace",
    "setting.dust limit, base units": "Smallest share that is followed, base units",
    "setting.hop limit": "Limit of hops (transactions after the claimed output)",
    "setting.block time limit": "Latest block time, UTC",
    "setting.arithmetic": "Arithmetic",
    "setting.own nodes only": "Own nodes only",
    "value.none": "none",
    "value.yes": "yes",
    "value.no": "no",
    "value.fractions": "fractions",
    "value.whole base units": "whole base units",
    # --- 5 findings ---------------------------------------------------------------------------------------------------
    "findings.facts": "Facts of the ledger, in chain order",
    "findings.claims": "What was claimed",
    "findings.shares": "Shares under the rule {rule}",
    "findings.reach": "What is reached under the rule {rule}",
    "findings.others": "What sources outside the chain say",
    "finding.place": "block {height}, place in the block {index}",
    "place.unknown": "not told by the source",
    "finding.transaction": "By transaction {transaction} ({place}): {sums}.",
    "finding.reported": "Amounts of inputs are in part as reported by the source, and so are the total of the inputs "
    "and the fee.",
    "finding.sums": "outputs spent: {n_in}, total {total_in}; outputs created: {n_out}, total {total_out}; network "
    "fee {fee}",
    "finding.issued": "; new units and collected fees {amount}",
    "finding.outputs": "Outputs on the path of this trace: {outputs}.",
    "finding.output": "{flow}, {amount}, address {address}{spent}",
    "finding.spent_in": ", spent by {transaction}",
    "finding.further": "and further outputs: {count}, total {total}",
    "finding.claim": "{claimant} claims {amount} of output {flow}. That these units are the claimant’s was given, not "
    "examined. {basis}",
    "finding.collision": "{amount} claimed by {claimant} in output {flow} are already claimed by an earlier claim; "
    "the earlier claim stands.",
    "finding.end": "{end}: under the rule {rule}, output {place} (amount {units}, address {address}) carries the "
    "claimed share {shares}. {reason}",
    "finding.end_poison": "{end}: output {place} (amount {units}, address {address}) is reached from the claims of "
    "{shares}. {reason}",
    "finding.poison": "Under the rule poison an output is reached or not reached. No share is stated and nothing is "
    "summed.",
    "finding.gone.fee": "Under the rule {rule}, network fees took the claimed share {shares}.",
    "finding.gone.burn": "Under the rule {rule}, outputs that nobody can spend hold the claimed share {shares}.",
    "finding.gone.outside": "Under the rule {rule}, the claimed share {shares} left the ledger that was given.",
    "finding.attribution": "Address {address}:",
    "finding.conflict": "The sources give different names for address {address}. All are reproduced; none is "
    "preferred.",
    "finding.coverage": "Addresses without a loaded tag: {untagged}. That none of the {count} loaded tags names an "
    "address does not show that no service controls it: the coverage of the tags is not known.",
    # --- 6-8 schedules ------------------------------------------------------------------------------------------------
    "transactions.text": "Transactions stand in chain order. Txids, block hashes and addresses are given in full.",
    "transactions.shares": "The last column is a convention: the claimed share under the rule {rule}. Its sums are "
    "given below each transaction, so that every step can be added up by hand.",
    "transactions.reach": "The last column is a convention: which outputs are reached under the rule {rule}. It "
    "states no amount.",
    "addresses.text": "Sums are those of the transactions of this report, not of the whole history of an address.",
    "holdings.text": "Each row is a place where the trace ends: the full amount is a fact, the share holds under the "
    "rule {rule}.",
    "holdings.reach": "Each row is a place where the trace ends: the full amount is a fact; that it is reached holds "
    "under the rule {rule}.",
    "tag.category": ", category {category}",
    "tag.sentence": "Attributed to “{label}”{category}; creator of the tag: {creator}; source: {source}; confidence: "
    "{confidence}; grade {grade} ({meaning}); date of the tag: {lastmod}.",
    "grade.A": "confirmed by the holder’s or provider’s own record",
    "grade.B": "well founded",
    "grade.C": "supported by one source",
    "grade.D": "indication",
    "grade.E": "lead only",
    "reason.unspent": "Unspent",
    "reason.unconfirmed": "Unconfirmed spend",
    "reason.service": "Service",
    "reason.coinjoin": "CoinJoin",
    "reason.dust": "Below the limit",
    "reason.hops": "Limit of hops",
    "reason.time": "After the period",
    "reason.crowded": "Very many transfers",
    "reason.unknown": "Not known",
    "reason.fee": "Network fee",
    "reason.burn": "Burnt",
    "reason.outside": "Left the ledger",
    "end.unspent": "Unspent as reported by {source} at block {height}.",
    "end.held": "Held at the end of the data.",
    "end.service": "The address is tagged as a service; the trace stops. {tags}",
    "end.coinjoin": "Moved on by transaction {transaction}, named a CoinJoin by the case. Basis: {basis}.",
    "end.dust": "The claimed share is below the limit of {limit}.",
    "end.hops": "Moved on by transaction {transaction}, beyond the limit of hops ({limit}).",
    "end.time": "Moved on by transaction {transaction}, after {until}.",
    "end.unconfirmed": "It rests there in the confirmed chain; transaction {transaction}, not confirmed, would spend "
    "it.",
    "end.crowded": "More transfers than the limit: not followed. As recorded: “{detail}”.",
    "end.unknown": "Where it went could not be resolved from what is held. As recorded: “{detail}”.",
    "end.fee": "Network fee: it goes to the producer of the block and is not followed.",
    "end.burn": "No one can spend it.",
    "end.outside": "It left the ledger that was given.",
    # --- figure -------------------------------------------------------------------------------------------------------
    "figure.title": "Flow of the claimed units",
    "figure.caption": "Boxes are transactions, left to right. A band is an output: its outline is the transfer and "
    "its full amount (fact, L1); the filled part is the claimed share under the rule {rule} (convention, L3). Bands "
    "end at the edge of a box and begin at the other edge: the chain does not record which input pays which output.",
    "figure.caption_poison": "Boxes are transactions, left to right. A band is an output: its outline is the transfer "
    "and its full amount (fact, L1); filled bands are reached under the rule poison, which states no amount. A band "
    "that is reached from several claims is divided equally between them; the division is no share.",
    "figure.folded": "Not drawn one by one: transactions: {transactions}, ends: {ends}, with a claimed share of "
    "{amount}. Those with the largest claimed amounts are drawn; all of them stand in the schedules.",
    "figure.folded_poison": "Not drawn one by one: transactions: {transactions}, ends: {ends}. All of them stand in "
    "the schedules.",
    "figure.block": "block {height}",
    "figure.other_inputs": "other inputs: {count}",
    "figure.other_outputs": "without share: {count}",
    "figure.not_reached": "not reached: {count}",
    "figure.fee": "fee",
    "figure.share": "share",
    "figure.reached": "reached",
    "figure.fold": "folded: {count}",
    "figure.to": "to {transaction}",
    "figure.from": "from {flow}",
    "figure.sheet": "sheet {sheet} of {sheets}",
    "figure.on_sheet": "sheet {sheet}",
    "figure.legend.transfer": "outline: transfer, full amount (fact)",
    "figure.legend.share": "claimed share of {claimant} (convention)",
    "figure.legend.reached": "reached from the claim of {claimant}",
    "figure.legend.others": "other claimants",
    "figure.legend.minimum": "dotted outline: thinner than the scale would draw it",
    # --- 9 reconciliation ---------------------------------------------------------------------------------------------
    "reconciliation.text": "For each claimant, what was claimed is set against what is at the ends, to the base unit.",
    "reconciliation.closed": "Every difference is 0.",
    "reconciliation.open": "At least one difference is not 0: this report must not be used until it is explained.",
    "reconciliation.poison": "No reconciliation is made: the rule poison gives a set of outputs, and its amounts are "
    "never summed.",
    # --- 10 limits ----------------------------------------------------------------------------------------------------
    "limits.stopped": "Not followed",
    "limits.stopped_text": "{reason}: ends: {count}, claimed share {amount}. {why}",
    "limits.stopped_reach": "{reason}: ends: {count}; their amounts are not summed. {why}",
    "limits.none_stopped": "No branch was left unfollowed before it came to rest.",
    "limits.gone": "Fees and units that nobody can spend are listed in section 8.",
    "limits.why.service": "What happens inside a service is not on the chain; only its own records show it.",
    "limits.why.coinjoin": "In such a transaction several parties pay jointly; the case does not follow it.",
    "limits.why.unconfirmed": "The transaction may or may not be confirmed.",
    "limits.why.dust": "The share is smaller than the limit that was set.",
    "limits.why.hops": "The limit of hops was set before the trace.",
    "limits.why.time": "The period was set before the trace.",
    "limits.why.crowded": "The limit of transfers was set before the trace.",
    "limits.why.unknown": "The data do not show where it went; it was not guessed.",
    "limits.why.outside": "The ledger that was given ends there.",
    "limits.notices": "What lives on top of these transactions",
    "limits.notice": "Transaction {transaction} carries {what}. It is not followed, and its value is not part of any "
    "amount here.",
    "limits.no_notice": "No Omni, Runes or inscription data were noticed in these transactions.",
    "limits.no_notice_other": "No data in an OP_RETURN output, and nothing that this chain alone has, was noticed in "
    "these transactions. Omni, Runes and inscriptions are looked for on bitcoin only.",
    "limits.mweb": "Transaction {transaction} pays into or out of Litecoin’s extension block (MWEB). What is paid in "
    "is spent together with everything that is in there; until it is paid out nothing can be seen. A share behind such "
    "a transaction follows the rule, and says nothing about whose units came out.",
    "notice.omni": "data of the Omni layer (e.g. a token transfer)",
    "notice.runes": "data of the Runes protocol",
    "notice.inscription": "an inscription",
    "notice.cashtokens": "a token beside its coins (CashTokens)",
    "notice.unknown-op-return": "data of unknown meaning in an OP_RETURN output",
    "limits.unknown": "Not known",
    "limits.services": "Who controls an address is not on the chain. A tag is the statement of its source; its error "
    "rate is not known.",
    "limits.completeness": "A source that alters a transaction is noticed, because its bytes no longer match the "
    "txid. A source that omits data, or misstates what is not in those bytes (the place in a block, that an output is "
    "unspent), is noticed only where another source or a later block shows it.",
    "limits.unspent": "That an output is unspent is as reported at the stated block. It may have moved since.",
    "limits.order": "Whether the order of inputs and outputs says anything about intent is not known.",
    "limits.persons": "No person is named by the chain. A link to a person needs evidence from outside.",
    "limits.alternatives": "Under another rule the same transactions give other shares. The facts (L1) do not change.",
    "limits.coverage": "Tags loaded: {count}. That no tag was found is no evidence that no service controls an "
    "address.",
    "limits.problems": "What did not add up or could not be obtained",
    "limits.outputs_only": "Transaction {transaction} is known by its outputs only: the amounts of its inputs could "
    "not be had, and what may live on top of it was not examined.",
    # --- 11, 12 -------------------------------------------------------------------------------------------------------
    "evidence.text": "The transactions were read from these recorded answers. Each is kept unchanged; its SHA-256 is "
    "given in full. Entry of this trace in the custody log: {head}.",
    "evidence.empty": "The dossier lists no recorded answers.",
    "declaration.software": "This document was generated by {software} from recorded data. It is neither an expert "
    "opinion nor legal advice, and becomes neither by being printed.",
    "declaration.complete": "It must be read, checked and completed by the person who signs it, who adds the fields "
    "below, the qualification and the warnings which the procedural law of the state requires.",
    "declaration.duty": "The signatory states which parts were checked, in which way, and takes responsibility for "
    "the use of the rule.",
    "blank.name": "Surname, first name, patronymic",
    "blank.office": "Authority, office",
    "blank.education": "Education, specialty, experience",
    "blank.warned": "Warned of liability under (article, date)",
    "blank.signature": "Signature, seal",
    "blank.date": "Date",
}
