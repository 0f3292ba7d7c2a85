//! What a vault logged, in words and for machines; and the response of verbs that make a transaction.

use maat_starknet::Receipt;
use maat_starknet::vault::{Done, VaultEvent};
use maat_strategy::amount;
use maat_strategy::hour::{Hour, utc};
use maat_strategy::vault::{Kind, Outcome, Purpose, Route, Side};
use serde_json::{Map, Value, json};
use starknet_types_core::felt::Felt;

use super::target::Units;
use crate::network::{receipt, receipt_json};
use crate::response::Response;

/// A transaction, and what the vault logged in it.
pub struct Told {
    /// What is said before the events.
    pub before: Vec<String>,
    /// What is said after them.
    pub after: Vec<String>,
    pub units: Units,
    pub receipts: Vec<Receipt>,
    pub events: Vec<VaultEvent>,
    /// More members of the object.
    pub members: Map<String, Value>,
    pub warnings: Vec<String>,
}

impl Told {
    pub fn new(units: Units, done: Done<VaultEvent>) -> Self {
        let Done { receipt, events } = done;
        Self { before: vec![], after: vec![], units, receipts: vec![receipt], events, members: Map::new(), warnings: vec![] }
    }
}

impl Response for Told {
    fn text(&self) -> String {
        // That shares and allowances moved is in the other events too.
        let events = self.events.iter().filter(|event| !matches!(event, VaultEvent::Transfer { .. } | VaultEvent::Approval { .. }));
        let events = events.map(|event| event_text(event, &self.units));
        let receipts = self.receipts.iter().map(|done| format!("transaction {}", receipt(done)));
        let said: Vec<String> = self.before.iter().cloned().chain(events).chain(self.after.iter().cloned()).collect();
        format!("{}\n\n{}", said.join("\n"), receipts.collect::<Vec<_>>().join("\n"))
    }

    fn json(&self) -> Value {
        let mut object = Map::new();
        object.insert("transactions".to_owned(), self.receipts.iter().map(receipt_json).collect());
        object.insert("events".to_owned(), self.events.iter().map(|event| event_json(event, &self.units)).collect());
        object.extend(self.members.clone());
        Value::Object(object)
    }

    fn warnings(&self) -> Vec<String> {
        self.warnings.clone()
    }
}

/// The beginning and the end of an address, where a whole one would fill the line.
pub fn brief(address: Felt) -> String {
    let text = format!("{address:#066x}");
    format!("{}..{}", &text[..8], &text[text.len() - 6..])
}

/// The start of an hour that a number stands for.
pub fn hour_text(hour: u64) -> String {
    Hour::new(hour).map_or_else(|_| format!("hour {hour}"), |hour| hour.to_string())
}

pub fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Deposit => "deposit",
        Kind::Redeem => "redemption",
    }
}

fn side(side: Side) -> &'static str {
    match side {
        Side::Base => "base",
        Side::Quote => "quote",
    }
}

fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Decision => "for the decision",
        Purpose::Shortfall => "for redemptions",
        Purpose::Unwind => "to unwind",
    }
}

/// What a decision led to.
pub fn outcome(outcome: Outcome, units: &Units) -> String {
    match outcome {
        Outcome::Held(reason) => format!("held ({})", reason.name()),
        Outcome::Owed => format!("held: it would buy while redemptions wait for {}", units.quote.symbol),
        Outcome::Bought { quote } => format!("bought {} for {}", units.base.symbol, units.quote(quote)),
        Outcome::Sold { base } => format!("sold {}", units.base(base)),
        Outcome::Halted => "made no decision: the drawdown halted the vault".to_owned(),
    }
}

/// An event on a line.
pub fn event_text(event: &VaultEvent, units: &Units) -> String {
    let (quote, share) = (|amount: &u128| units.quote(*amount), |amount: &u128| units.share(*amount));
    let wide = |(low, high): &(u128, u128)| if *high == 0 { share(low) } else { format!("any number of {}", units.share.symbol) };
    let of_kind = |of: &Kind, amount: &u128| if *of == Kind::Deposit { quote(amount) } else { share(amount) };
    let of_other = |of: &Kind, amount: &u128| if *of == Kind::Deposit { share(amount) } else { quote(amount) };
    let epoch = |number: &u128| u64::try_from(*number).map_or_else(|_| "no hour".to_owned(), hour_text);
    match event {
        VaultEvent::DepositRequest { controller, request_id, assets, .. } => {
            format!(
                "{} asks for shares for {}: request {request_id}, for the price of {}",
                brief(*controller),
                quote(assets),
                epoch(request_id)
            )
        }
        VaultEvent::RedeemRequest { controller, request_id, shares, .. } => {
            format!("{} gives {} back: request {request_id}, for the price of {}", brief(*controller), share(shares), epoch(request_id))
        }
        VaultEvent::Deposit { owner, shares, assets, .. } => format!("{} got {} for {}", brief(*owner), share(shares), quote(assets)),
        VaultEvent::Withdraw { receiver, shares, assets, .. } => {
            format!("{} got {} for {}", brief(*receiver), quote(assets), share(shares))
        }
        VaultEvent::Claimed { kind: of, receiver, epoch, amount, .. } => {
            format!("{} claimed {} of {} {epoch}", brief(*receiver), of_other(of, amount), kind(*of))
        }
        VaultEvent::Reclaimed { kind: of, receiver, epoch, returned, unclaimed, .. } => {
            let also = if *unclaimed == 0 { String::new() } else { format!(", and {} that was filled", of_other(of, unclaimed)) };
            format!("{} took {} of {} {epoch} back{also}", brief(*receiver), of_kind(of, returned), kind(*of))
        }
        VaultEvent::Settled { kind: of, hour, epoch, filled, proceeds } => {
            format!("{} {epoch}: {} became {} at the price of {hour}", kind(*of), of_kind(of, filled), of_other(of, proceeds))
        }
        VaultEvent::Refunded { epoch, assets } => format!("deposit {epoch}: {} can be taken back", quote(assets)),
        VaultEvent::ExitedInKind { owner, receiver, shares, base, quote: paid } => {
            let (whose, whom) = (brief(*owner), brief(*receiver));
            format!("{whose} burned {}; {whom} is owed {} and {}", share(shares), units.base(*base), quote(paid))
        }
        VaultEvent::Withdrawn { receiver, side, amount, .. } => format!("{} got {}", brief(*receiver), units.side(*side, *amount)),
        VaultEvent::Skimmed { side, amount } => format!("the treasury got {}", units.side(*side, *amount)),
        VaultEvent::Decided { hour, class, weight_before, weight_target, outcome: led_to, route, .. } => {
            let target = weight_target.map_or_else(|| "hold".to_owned(), bps);
            let how = match route {
                Route::Executed => String::new(),
                Route::Proven { security_bits, .. } => format!(", as a proof with {security_bits} bits shows"),
            };
            format!(
                "{hour}: the network answers {class}{how}; weight {}, target {target}: {}",
                bps(*weight_before),
                outcome(*led_to, units)
            )
        }
        VaultEvent::Traded { hour, purpose: why, sold, spent, received } => {
            let bought = if *sold == Side::Base { Side::Quote } else { Side::Base };
            format!("{hour}: {} for {}, {}", units.side(*sold, *spent), units.side(bought, *received), purpose(*why))
        }
        VaultEvent::Rewarded { keeper, amount } => format!("{} is owed a reward of {}", brief(*keeper), quote(amount)),
        VaultEvent::Halted { hour } => format!("{hour}: the drawdown halted the vault for good"),
        VaultEvent::Transfer { from, to, value } => format!("{} moved from {} to {}", share(value), brief(*from), brief(*to)),
        VaultEvent::Approval { owner, spender, value } => format!("{} may move {} of {}", brief(*spender), wide(value), brief(*owner)),
        VaultEvent::OwnershipTransferStarted { new_owner, .. } if *new_owner == Felt::ZERO => {
            "the offer of the vault is taken back".to_owned()
        }
        VaultEvent::OwnershipTransferStarted { new_owner, .. } => format!("the vault is offered to {}", brief(*new_owner)),
        VaultEvent::OwnershipTransferred { new_owner, .. } => format!("{} owns the vault", brief(*new_owner)),
        VaultEvent::OperatorSet { controller, operator, approved } => {
            let now = if *approved { "acts" } else { "does not act" };
            format!("{} {now} for {}", brief(*operator), brief(*controller))
        }
        VaultEvent::ChangeProposed { number, from } => format!("proposal {number} can be applied from {} on", utc(*from)),
        VaultEvent::ChangeCancelled { number } => format!("proposal {number} is cancelled"),
        VaultEvent::ChangeApplied { number } => format!("proposal {number} is applied"),
        VaultEvent::Paused { until } => format!("the vault is paused until {} at most", utc(*until)),
        VaultEvent::Unpaused {} => "the pause has ended".to_owned(),
        other => other.name().to_owned(),
    }
}

/// Basis points as a percentage.
pub fn bps(bps: u16) -> String {
    format!("{}.{:02} %", bps / 100, bps % 100)
}

/// An event for machines. Amounts are decimal texts of whole tokens.
pub fn event_json(event: &VaultEvent, units: &Units) -> Value {
    let felt = |felt: &Felt| format!("{felt:#066x}");
    let quote = |units_of: &u128| amount::show(*units_of, units.quote.decimals);
    let share = |units_of: &u128| amount::show(*units_of, units.share.decimals);
    let of_side = |side: Side, units_of: &u128| amount::show(*units_of, units.of(side).decimals);
    let of_kind = |of: &Kind, amount: &u128| if *of == Kind::Deposit { quote(amount) } else { share(amount) };
    let of_other = |of: &Kind, amount: &u128| if *of == Kind::Deposit { share(amount) } else { quote(amount) };
    let mut object = match event {
        VaultEvent::DepositRequest { controller, owner, request_id, sender, assets } => json!({
            "controller": felt(controller), "owner": felt(owner), "request": request_id.to_string(), "sender": felt(sender),
            "assets": quote(assets),
        }),
        VaultEvent::RedeemRequest { controller, owner, request_id, sender, shares } => json!({
            "controller": felt(controller), "owner": felt(owner), "request": request_id.to_string(), "sender": felt(sender),
            "shares": share(shares),
        }),
        VaultEvent::Deposit { sender, owner, assets, shares } => {
            json!({ "controller": felt(sender), "receiver": felt(owner), "assets": quote(assets), "shares": share(shares) })
        }
        VaultEvent::Withdraw { sender, receiver, owner, assets, shares } => json!({
            "sender": felt(sender), "receiver": felt(receiver), "controller": felt(owner), "assets": quote(assets), "shares": share(shares),
        }),
        VaultEvent::Claimed { kind: of, controller, epoch, receiver, amount } => json!({
            "kind": kind(*of), "controller": felt(controller), "request": epoch, "receiver": felt(receiver), "amount": of_other(of, amount),
        }),
        VaultEvent::Reclaimed { kind: of, controller, epoch, receiver, returned, unclaimed } => json!({
            "kind": kind(*of), "controller": felt(controller), "request": epoch, "receiver": felt(receiver),
            "returned": of_kind(of, returned), "unclaimed": of_other(of, unclaimed),
        }),
        VaultEvent::Settled { kind: of, hour, epoch, filled, proceeds } => json!({
            "kind": kind(*of), "hour": hour.to_string(), "request": epoch, "filled": of_kind(of, filled), "proceeds": of_other(of, proceeds),
        }),
        VaultEvent::Refunded { epoch, assets } => json!({ "request": epoch, "assets": quote(assets) }),
        VaultEvent::ExitedInKind { owner, receiver, shares, base, quote: paid } => json!({
            "owner": felt(owner), "receiver": felt(receiver), "shares": share(shares), "base": of_side(Side::Base, base),
            "quote": quote(paid),
        }),
        VaultEvent::Withdrawn { account, receiver, side: of, amount } => {
            json!({ "account": felt(account), "receiver": felt(receiver), "token": side(*of), "amount": of_side(*of, amount) })
        }
        VaultEvent::Skimmed { side: of, amount } => json!({ "token": side(*of), "amount": of_side(*of, amount) }),
        VaultEvent::Decided {
            hour,
            class,
            model,
            version,
            input_hash,
            output_hash,
            chain,
            weight_before,
            weight_target,
            outcome: led_to,
            route,
        } => json!({
            "hour": hour.to_string(), "class": class, "model_commitment": felt(model), "version": version,
            "input_hash": felt(input_hash), "output_hash": felt(output_hash), "chain": felt(chain),
            "weight_before_bps": weight_before, "weight_target_bps": weight_target, "outcome": outcome(*led_to, units),
            "proof": match route {
                Route::Executed => Value::Null,
                Route::Proven { fact, security_bits } => json!({ "fact": felt(fact), "security_bits": security_bits }),
            },
        }),
        VaultEvent::Traded { hour, purpose: why, sold, spent, received } => {
            let bought = if *sold == Side::Base { Side::Quote } else { Side::Base };
            json!({
                "hour": hour.to_string(), "purpose": purpose(*why), "sold": side(*sold), "spent": of_side(*sold, spent),
                "received": of_side(bought, received),
            })
        }
        VaultEvent::Rewarded { keeper, amount } => json!({ "keeper": felt(keeper), "amount": quote(amount) }),
        VaultEvent::Halted { hour } => json!({ "hour": hour.to_string() }),
        VaultEvent::Transfer { from, to, value } => json!({ "from": felt(from), "to": felt(to), "shares": share(value) }),
        VaultEvent::Approval { owner, spender, value: (low, high) } => json!({
            "owner": felt(owner), "spender": felt(spender), "shares": (*high == 0).then(|| share(low)),
        }),
        VaultEvent::OwnershipTransferStarted { previous_owner, new_owner }
        | VaultEvent::OwnershipTransferred { previous_owner, new_owner } => {
            json!({ "previous_owner": felt(previous_owner), "new_owner": felt(new_owner) })
        }
        VaultEvent::OperatorSet { controller, operator, approved } => {
            json!({ "controller": felt(controller), "operator": felt(operator), "approved": approved })
        }
        VaultEvent::ChangeProposed { number, from } => json!({ "number": number, "from": utc(*from) }),
        VaultEvent::ChangeCancelled { number } | VaultEvent::ChangeApplied { number } => json!({ "number": number }),
        VaultEvent::Paused { until } => json!({ "until": utc(*until) }),
        _ => json!({}),
    };
    object["event"] = event.name().into();
    object
}

#[cfg(test)]
mod tests {
    use maat_starknet::vault::ContractEvent;
    use maat_strategy::rate::Token;

    use super::*;

    fn units() -> Units {
        let token = |symbol: &str, decimals| Token { symbol: symbol.to_owned(), decimals };
        Units { base: token("WETH", 18), quote: token("USDC", 6), share: token("vROCKY", 9) }
    }

    #[test]
    fn events_are_told_in_whole_tokens() {
        let hour = Hour::new(500_000).unwrap();
        let settled = VaultEvent::Settled { kind: Kind::Deposit, hour, epoch: 499_999, filled: 1_500_000, proceeds: 1_495_500_000 };
        assert_eq!(event_text(&settled, &units()), "deposit 499999: 1.5 USDC became 1.4955 vROCKY at the price of 2027-01-15T08:00:00Z");
        let json = event_json(&settled, &units());
        assert_eq!((&json["event"], &json["filled"], &json["proceeds"]), (&json!("Settled"), &json!("1.5"), &json!("1.4955")));
        let traded = VaultEvent::Traded {
            hour,
            purpose: Purpose::Shortfall,
            sold: Side::Base,
            spent: 250_000_000_000_000_000,
            received: 450_000_000,
        };
        assert_eq!(event_text(&traded, &units()), "2027-01-15T08:00:00Z: 0.25 WETH for 450 USDC, for redemptions");
        let decided = VaultEvent::Decided {
            hour,
            class: 7,
            model: Felt::ONE,
            version: 1,
            input_hash: Felt::ONE,
            output_hash: Felt::ONE,
            chain: Felt::ONE,
            weight_before: 4_500,
            weight_target: None,
            outcome: Outcome::Held(maat_strategy::limits::Reason::Policy),
            route: Route::Proven { fact: Felt::TWO, security_bits: 96 },
        };
        assert_eq!(
            event_text(&decided, &units()),
            "2027-01-15T08:00:00Z: the network answers 7, as a proof with 96 bits shows; weight 45.00 %, target hold: held (policy)"
        );
        assert_eq!(event_json(&decided, &units())["proof"]["security_bits"], 96);
        let boundless = VaultEvent::Approval { owner: Felt::ONE, spender: Felt::TWO, value: (u128::MAX, u128::MAX) };
        assert!(event_text(&boundless, &units()).contains("may move any number of vROCKY"), "{}", event_text(&boundless, &units()));
    }

    #[test]
    fn every_event_has_its_name_for_machines() {
        for name in VaultEvent::NAMES {
            // Enough felts of 0 for the event, whatever it needs.
            let found = (0..16)
                .flat_map(|keys| (0..24).map(move |data| (keys, data)))
                .find_map(|(keys, data)| VaultEvent::of_name(name, &vec![Felt::ZERO; keys], &vec![Felt::ZERO; data])?.ok());
            let event = found.unwrap_or_else(|| panic!("{name}"));
            assert_eq!(event_json(&event, &units())["event"], *name);
            assert!(!event_text(&event, &units()).is_empty());
        }
    }
}
