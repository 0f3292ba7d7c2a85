//! The page, as text and for machines.

use maat_starknet::vault::Change;
use maat_strategy::amount;
use maat_strategy::hour::utc;
use maat_strategy::limits::Limits;
use maat_strategy::policy::{Policy, Rule, Target};
use maat_strategy::vault::State;
use maat_strategy::vault::access::GRACE;
use serde_json::{Value, json};
use starknet_types_core::felt::Felt;

use super::now::acts;
use super::{Found, Investor, View};
use crate::response::{Response, fields};
use crate::verbs::vault::invest::request_text;
use crate::verbs::vault::told::{bps, kind};

/// A share of a whole in basis points, rounded down; nothing of nothing.
fn share_of(part: u128, whole: u128) -> Option<u16> {
    let share = part.checked_mul(10_000)?.checked_div(whole)?;
    u16::try_from(share).ok()
}

/// What a proposal would change, for machines.
fn proposed(change: &Change) -> Value {
    match change {
        Change::Policy(policy) => json!({ "policy": policy_json(policy) }),
        Change::Limits(limits) => json!({ "limits": limits }),
        Change::Adapter(to) => json!({ "adapter": format!("{to:#066x}") }),
        Change::Guardian(to) => json!({ "guardian": format!("{to:#066x}") }),
        Change::MinBits(bits) => json!({ "min_bits": bits }),
    }
}

/// The limits that differ, each as it is and as it would be.
fn differences(from: &Limits, to: &Limits) -> String {
    let (from, to) = (json!(from), json!(to));
    let fields = from.as_object().into_iter().flatten();
    let changed = fields.filter(|(name, value)| **value != to[name.as_str()]);
    let changed: Vec<String> = changed.map(|(name, value)| format!("{name} {value} to {}", to[name.as_str()])).collect();
    if changed.is_empty() { "limits as they are".to_owned() } else { changed.join(", ").replace('"', "") }
}

fn policy_json(policy: &Policy) -> Value {
    let edges = match policy.rule() {
        Rule::Class => Value::Null,
        Rule::Edges(edges) => json!(edges),
    };
    json!({ "output": policy.output(), "edges": edges, "targets": policy.targets() })
}

fn policy_text(policy: &Policy) -> String {
    let target = |target: &Target| match target {
        Target::Weight(weight) => bps(*weight),
        Target::Hold => "hold".to_owned(),
    };
    let rule = match policy.rule() {
        Rule::Class => "by class".to_owned(),
        Rule::Edges(edges) => format!("at the edges {}", edges.iter().map(i32::to_string).collect::<Vec<_>>().join(", ")),
    };
    let targets = policy.targets().iter().map(target).collect::<Vec<_>>().join(", ");
    format!("output value {}, {rule}: {targets}", policy.output())
}

fn limits_text(limits: &Limits) -> String {
    let wide = |bps: u32| format!("{}.{:02} %", bps / 100, bps % 100);
    format!(
        "weight {} at most, trades {} to {}, {} a day, {} h apart; slip {} to {}, drift {}, drawdown {}; {} clamped features",
        bps(limits.max_weight_bps),
        bps(limits.min_trade_bps),
        bps(limits.max_trade_bps),
        wide(limits.max_turnover_bps),
        limits.cooldown_hours,
        bps(limits.min_slip_bps),
        bps(limits.max_slip_bps),
        bps(limits.max_drift_bps),
        bps(limits.max_drawdown_bps),
        limits.max_saturated,
    )
}

impl View {
    /// What the base tokens are worth at the recorded price, in the quote token.
    fn base_value(&self) -> Option<u128> {
        self.nav?.checked_sub(self.snapshot.books.managed.quote)
    }

    /// What a proposal would change.
    fn change(&self, change: &Change) -> String {
        match change {
            Change::Policy(policy) if *policy == self.policy => "the policy as it is".to_owned(),
            Change::Policy(policy) => format!("policy of {}", policy_text(policy)),
            Change::Limits(limits) => differences(&self.limits, limits),
            Change::Adapter(to) => format!("adapter {to:#066x}"),
            Change::Guardian(to) => format!("guardian {to:#066x}"),
            Change::MinBits(0) => "no proofs are taken".to_owned(),
            Change::MinBits(bits) => format!("proofs of {bits} bits are taken"),
        }
    }

    fn title(&self) -> String {
        let (name, state) = (&self.name, self.snapshot.state);
        format!("{name}: {state}, on {} at block {}, {}", self.network, self.block, utc(self.now))
    }

    fn value(&self) -> String {
        let (units, books) = (&self.units, &self.snapshot.books);
        let weight = |value: Option<u128>| match value.zip(self.nav).and_then(|(value, nav)| share_of(value, nav)) {
            Some(weight) => format!(" ({})", bps(weight)),
            None => String::new(),
        };
        let priced = |value: Option<u128>| value.map_or_else(|| "no price is recorded".to_owned(), |value| units.quote(value));
        let base = format!("{}{}", units.base(books.managed.base), weight(self.base_value()));
        let quote = format!("{}{}", units.quote(books.managed.quote), weight(self.nav.map(|_| books.managed.quote)));
        let mut facts = vec![
            ("net asset value", priced(self.nav)),
            ("holds", format!("{base}, {quote}")),
            ("a share", priced(self.share_value)),
            ("shares", units.share(books.supply)),
        ];
        if let Some(latest) = &self.latest {
            let (observation, symbols) = (&latest.observation, (&units.base.symbol, &units.quote.symbol));
            facts.push((
                "last price",
                format!(
                    "{}: {} at {} USD, {} at {} USD; {} hours in a row are recorded",
                    observation.hour, symbols.0, observation.base, symbols.1, observation.quote, latest.consecutive
                ),
            ));
        }
        let queues = &self.snapshot.queues;
        if queues.unfilled_deposits > 0 {
            facts.push(("deposits", format!("{} wait", units.quote(queues.unfilled_deposits))));
        }
        if queues.unfilled_redemptions > 0 {
            facts.push(("redemptions", format!("{} wait", units.share(queues.unfilled_redemptions))));
        }
        if books.reserved > 0 {
            facts.push(("to be claimed", units.quote(books.reserved)));
        }
        if books.owed_base > 0 || books.owed_quote > 0 {
            facts.push(("to be withdrawn", format!("{}, {}", units.base(books.owed_base), units.quote(books.owed_quote))));
        }
        fields(facts)
    }

    fn rules(&self) -> String {
        let (parts, limits, units) = (&self.parts, &self.limits, &self.units);
        let mut facts = vec![
            (
                "model",
                format!("{} (number {}), version {}, timelock {} s", self.model.name, parts.model, parts.version, self.model.timelock),
            ),
            ("commitment", format!("{:#066x}", parts.model_commitment)),
            ("policy", policy_text(&self.policy)),
            ("limits", limits_text(limits)),
            ("proofs", if self.min_bits == 0 { "none decide".to_owned() } else { format!("of {} bits or more may decide", self.min_bits) }),
            (
                "deposits",
                format!("up to a net asset value of {}, and from {} on", units.quote(limits.deposit_cap), units.quote(parts.min_nav)),
            ),
            ("fees", format!("{} a year, {} of what enters or leaves", bps(parts.fees.management_bps), bps(parts.fees.settle_bps))),
            ("owner", format!("{:#066x}", self.snapshot.owner)),
        ];
        if self.pending_owner != Felt::ZERO {
            facts.push(("offered to", format!("{:#066x}", self.pending_owner)));
        }
        facts.push(("guardian", format!("{:#066x}", self.snapshot.guardian)));
        if self.snapshot.state == State::Paused {
            facts.push(("paused until", utc(self.snapshot.paused_until)));
        }
        facts.extend(self.proposals.iter().map(|proposal| {
            let (from, until) = (proposal.from, proposal.from.saturating_add(GRACE));
            let when = if until <= self.now { "expired".to_owned() } else { format!("from {} until {}", utc(from), utc(until)) };
            ("proposal", format!("{}: {}; {when}", proposal.number, self.change(&proposal.change)))
        }));
        fields(facts)
    }

    fn places(&self) -> String {
        let parts = &self.parts;
        fields([
            ("vault", format!("{:#066x}", self.address)),
            ("base token", format!("{:#066x}", parts.base_token)),
            ("quote token", format!("{:#066x}", parts.quote_token)),
            ("price history", format!("{:#066x}", parts.history)),
            ("price feed", format!("{:#066x}", parts.feed)),
            ("adapter", format!("{:#066x}", parts.adapter)),
            ("registry", format!("{:#066x}", parts.registry)),
        ])
    }

    fn investor(&self, investor: &Investor) -> String {
        let units = &self.units;
        let worth =
            investor.worth.filter(|_| investor.shares > 0).map_or_else(String::new, |worth| format!(", worth {}", units.quote(worth)));
        let mut facts =
            vec![("account", format!("{:#066x}", investor.address)), ("its shares", format!("{}{worth}", units.share(investor.shares)))];
        facts.extend(
            investor
                .requests
                .iter()
                .map(|(kind, request)| ("its request", request_text(*kind, request, self.snapshot.state, self.now, units))),
        );
        if investor.owed_base > 0 || investor.owed_quote > 0 {
            facts.push(("it is owed", format!("{}, {}", units.base(investor.owed_base), units.quote(investor.owed_quote))));
        }
        fields(facts)
    }

    fn now(&self) -> String {
        let acts = acts(self.now, &self.parts, &self.snapshot, self.latest.as_ref());
        let lines = acts.iter().map(|act| {
            let note = act.note.as_ref().map_or_else(String::new, |note| format!(", {note}"));
            format!("{:<30} {}{note}", act.name, act.when.text())
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

impl Response for View {
    fn text(&self) -> String {
        let mut parts = vec![self.title(), self.value()];
        parts.extend(self.account.as_ref().map(|investor| self.investor(investor)));
        parts.extend([format!("What anyone may do\n{}", self.now()), self.rules(), self.places()]);
        parts.join("\n\n")
    }

    fn json(&self) -> Value {
        let felt = |felt: Felt| format!("{felt:#066x}");
        let (units, parts, snapshot, books) = (&self.units, &self.parts, &self.snapshot, &self.snapshot.books);
        let base = |of: u128| amount::show(of, units.base.decimals);
        let quote = |of: u128| amount::show(of, units.quote.decimals);
        let share = |of: u128| amount::show(of, units.share.decimals);
        let weight = self.base_value().zip(self.nav).and_then(|(value, nav)| share_of(value, nav));
        let acts = acts(self.now, parts, snapshot, self.latest.as_ref());
        let investor = self.account.as_ref().map(|investor| {
            let request = |(of, request): &(maat_strategy::vault::Kind, maat_starknet::vault::Requested)| {
                let (put_in, gets): (&dyn Fn(u128) -> String, &dyn Fn(u128) -> String) = match of {
                    maat_strategy::vault::Kind::Deposit => (&quote, &share),
                    maat_strategy::vault::Kind::Redeem => (&share, &quote),
                };
                json!({
                    "kind": kind(*of), "request": request.epoch, "pending": put_in(request.pending),
                    "claimable": gets(request.claim.proceeds), "refunded": request.refunded,
                })
            };
            json!({
                "account": felt(investor.address),
                "shares": share(investor.shares),
                "worth": investor.worth.map(quote),
                "requests": investor.requests.iter().map(request).collect::<Vec<_>>(),
                "owed_base": base(investor.owed_base),
                "owed_quote": quote(investor.owed_quote),
            })
        });
        let proposal = |proposal: &maat_starknet::vault::Proposal| {
            json!({
                "number": proposal.number, "change": self.change(&proposal.change), "to": proposed(&proposal.change), "from": utc(proposal.from),
                "until": utc(proposal.from.saturating_add(GRACE)),
            })
        };
        let class = |found: &Found| {
            json!({
                "what": found.what, "class_hash": felt(found.class_hash), "class": found.class.map(|class| class.name()),
                "mock": found.class.is_some_and(|class| class.is_mock()),
            })
        };
        json!({
            "vault": felt(self.address),
            "name": self.name,
            "network": self.network,
            "block": self.block,
            "time": utc(self.now),
            "state": snapshot.state.name(),
            "base": { "token": felt(parts.base_token), "symbol": units.base.symbol, "decimals": units.base.decimals },
            "quote": { "token": felt(parts.quote_token), "symbol": units.quote.symbol, "decimals": units.quote.decimals },
            "nav": self.nav.map(quote),
            "share_value": self.share_value.map(quote),
            "supply": share(books.supply),
            "holds_base": base(books.managed.base),
            "holds_quote": quote(books.managed.quote),
            "weight_bps": weight,
            "pending": quote(books.pending),
            "reserved": quote(books.reserved),
            "owed_base": base(books.owed_base),
            "owed_quote": quote(books.owed_quote),
            "unfilled_deposits": quote(snapshot.queues.unfilled_deposits),
            "unfilled_redemptions": share(snapshot.queues.unfilled_redemptions),
            "last_price": self.latest.map(|latest| json!({
                "hour": latest.observation.hour.to_string(), "base": latest.observation.base.to_string(),
                "quote": latest.observation.quote.to_string(), "recorded_at": utc(latest.recorded_at), "consecutive": latest.consecutive,
            })),
            "model": {
                "registry": felt(parts.registry), "id": parts.model, "name": self.model.name, "version": parts.version,
                "class_hash": felt(parts.class_hash), "commitment": felt(parts.model_commitment), "timelock": self.model.timelock,
                "deprecated_from": self.model.deprecated_from.map(utc), "revoked_from": self.model.revoked_from.map(utc),
            },
            "policy": policy_json(&self.policy),
            "limits": self.limits,
            "min_bits": self.min_bits,
            "fees": { "management_bps": parts.fees.management_bps, "settle_bps": parts.fees.settle_bps },
            "min_nav": quote(parts.min_nav),
            "keeper_cap": quote(parts.keeper_cap),
            "owner": felt(snapshot.owner),
            "pending_owner": (self.pending_owner != Felt::ZERO).then(|| felt(self.pending_owner)),
            "guardian": felt(snapshot.guardian),
            "treasury": felt(parts.treasury),
            "history": felt(parts.history),
            "feed": felt(parts.feed),
            "adapter": felt(parts.adapter),
            "paused_until": (snapshot.state == State::Paused).then(|| utc(snapshot.paused_until)),
            "classes": self.classes.iter().map(class).collect::<Vec<_>>(),
            "proposals": self.proposals.iter().map(proposal).collect::<Vec<_>>(),
            "account": investor,
            "now": acts.iter().map(|act| (act.name.to_owned(), act.when.json())).collect::<serde_json::Map<_, _>>(),
        })
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let mocks: Vec<&str> =
            self.classes.iter().filter(|found| found.class.is_some_and(|class| class.is_mock())).map(|found| found.what).collect();
        if !mocks.is_empty() {
            warnings.push(format!("{}: mocks, which do as anybody tells them to", mocks.join(", ")));
        }
        let foreign = |found: &&Found| {
            !found.expected.is_empty() && found.class.is_none_or(|class| !found.expected.contains(&class) && !class.is_mock())
        };
        for found in self.classes.iter().filter(foreign) {
            let (what, hash) = (found.what, found.class_hash);
            warnings.push(format!(
                "the {what} has class {hash:#066x}, which is not the one of this version of Maat: read it before you trust it"
            ));
        }
        if self.snapshot.owner == self.snapshot.guardian {
            warnings.push("owner and guardian are one account: nobody else can stop its proposals".to_owned());
        }
        let (model, version) = (&self.model.name, self.parts.version);
        if self.model.timelock == 0 {
            warnings.push(format!("the owner of {model} can end version {version} at once: its timelock is 0 s"));
        }
        for (what, from) in [("deprecated", self.model.deprecated_from), ("revoked", self.model.revoked_from)] {
            if let Some(from) = from {
                let when = if from <= self.now { "has been" } else { "will be" };
                warnings.push(format!("version {version} of {model} {when} {what} from {} on", utc(from)));
            }
        }
        if self.latest.is_some_and(|latest| !maat_strategy::rate::is_pegged(latest.observation.quote)) {
            let symbol = &self.units.quote.symbol;
            warnings.push(format!("{symbol} is more than 2 % off 1 USD: nothing is settled or traded, claims and exits in kind work"));
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use maat_starknet::vault::contracts::Class;
    use maat_starknet::vault::{Proposal, Requested, Snapshot};
    use maat_strategy::rate::Token;
    use maat_strategy::vault::Kind;
    use maat_strategy::vault::epochs::Claim;

    use super::super::now::tests::{latest, parts, snapshot};
    use super::super::{Investor, Model};
    use super::*;
    use crate::verbs::vault::target::Units;

    fn limits() -> Limits {
        Limits {
            max_weight_bps: 10_000,
            max_trade_bps: 2_500,
            max_turnover_bps: 12_345,
            cooldown_hours: 1,
            min_trade_bps: 100,
            min_slip_bps: 10,
            max_slip_bps: 50,
            max_drift_bps: 100,
            max_drawdown_bps: 3_000,
            max_saturated: 4,
            deposit_cap: 1_000_000_000_000,
        }
    }

    fn policy(weight: u16) -> Policy {
        Policy::new(0, Rule::Class, vec![Target::Weight(0), Target::Hold, Target::Weight(weight)]).unwrap()
    }

    fn view() -> View {
        let token = |symbol: &str, decimals| Token { symbol: symbol.to_owned(), decimals };
        let units = Units { base: token("WETH", 18), quote: token("USDC", 6), share: token("vROCKY", 9) };
        let found = |what, class: Class, expected| Found { what, class_hash: class.hash(), class: Some(class), expected };
        let request =
            Requested { epoch: 500_001, pending: 250_000_000, claim: Claim { epoch: 500_001, input: 0, proceeds: 0 }, refunded: false };
        View {
            network: "devnet".to_owned(),
            block: 12,
            now: 500_000 * 3_600 + 200,
            address: Felt::from(0x99),
            name: "RockyBot vault".to_owned(),
            units,
            parts: parts(),
            snapshot: snapshot(),
            policy: policy(5_000),
            limits: limits(),
            min_bits: 96,
            latest: Some(latest()),
            nav: Some(1_000_000_000),
            share_value: Some(1_000_000),
            model: Model { name: "rocky".to_owned(), timelock: 60, deprecated_from: None, revoked_from: None },
            classes: vec![found("vault", Class::Vault, &[Class::Vault])],
            pending_owner: Felt::ZERO,
            proposals: vec![],
            account: Some(Investor {
                address: Felt::from(0x77),
                shares: 500_000_000_000,
                worth: Some(500_000_000),
                requests: vec![(Kind::Deposit, request)],
                owed_base: 0,
                owed_quote: 1_500_000,
            }),
        }
    }

    #[test]
    fn a_page_says_what_is_held_what_waits_and_what_can_be_done() {
        let text = view().text();
        for part in [
            "RockyBot vault: active, on devnet at block 12, 2027-01-15T08:03:20Z\n",
            "net asset value    1000 USDC\n",
            "holds              0.25 WETH (45.00 %), 550 USDC (55.00 %)\n",
            "a share            1 USDC\n",
            "last price         2027-01-15T08:00:00Z: WETH at 1800.00 USD, USDC at 1.00 USD; 36 hours in a row are recorded",
            "its shares         500 vROCKY, worth 500 USDC\n",
            "deposit 500001: 250 USDC waits for the price of 2027-01-15T09:00:00Z; from 2027-01-16T07:30:01Z on it can be taken back\n",
            "it is owed         0 WETH, 1.5 USDC\n",
            "step                           now, until 2027-01-15T08:16:40Z\n",
            "settle                         no: nothing is due\n",
            "deposit                        now, for the price of 2027-01-15T09:00:00Z\n",
            "trades 1.00 % to 25.00 %, 123.45 % a day, 1 h apart; slip 0.10 % to 0.50 %",
            "rocky (number 1), version 1, timelock 60 s\n",
        ] {
            assert!(text.contains(part), "{part:?} is not in\n{text}");
        }
        assert_eq!(view().warnings(), [""; 0]);
        let json = view().json();
        assert_eq!((&json["nav"], &json["weight_bps"], &json["holds_base"]), (&json!("1000"), &json!(4_500), &json!("0.25")));
        assert_eq!(json["account"]["requests"][0]["pending"], "250");
        assert_eq!(json["now"]["step"], json!({ "now": true, "until": "2027-01-15T08:16:40Z" }));
    }

    #[test]
    fn a_vault_without_a_price_is_shown_without_values() {
        let view = View { latest: None, nav: None, share_value: None, ..view() };
        assert!(view.text().contains("net asset value    no price is recorded\n"), "{}", view.text());
        assert!(view.text().contains("holds              0.25 WETH, 550 USDC\n"), "{}", view.text());
        assert_eq!((view.json()["nav"].clone(), view.json()["weight_bps"].clone()), (Value::Null, Value::Null));
    }

    #[test]
    fn what_an_investor_must_not_overlook_is_a_warning() {
        let warning = |view: View| {
            let warnings = view.warnings();
            let [warning] = &warnings[..] else { panic!("{warnings:?}") };
            warning.clone()
        };
        let found = |class_hash, class| Found { what: "adapter", class_hash, class, expected: &[Class::EkuboAdapter] };
        let foreign = warning(View { classes: vec![found(Felt::ONE, None)], ..view() });
        assert!(foreign.starts_with("the adapter has class 0x00") && foreign.ends_with("read it before you trust it"), "{foreign}");
        // One of ours, in a place where it does not belong.
        let elsewhere = warning(View { classes: vec![found(Class::Vault.hash(), Some(Class::Vault))], ..view() });
        assert!(elsewhere.starts_with("the adapter has class 0x0"), "{elsewhere}");
        let mock = warning(View { classes: vec![found(Class::MockPool.hash(), Some(Class::MockPool))], ..view() });
        assert_eq!(mock, "adapter: mocks, which do as anybody tells them to");
        let one = warning(View { snapshot: Snapshot { guardian: Felt::from(1), ..snapshot() }, ..view() });
        assert!(one.starts_with("owner and guardian are one account"), "{one}");
        let at_once = warning(View { model: Model { timelock: 0, ..view().model }, ..view() });
        assert!(at_once.starts_with("the owner of rocky can end version 1 at once"), "{at_once}");
        let revoked = warning(View { model: Model { revoked_from: Some(500_000 * 3_600), ..view().model }, ..view() });
        assert_eq!(revoked, "version 1 of rocky has been revoked from 2027-01-15T08:00:00Z on");
        let mut off = latest();
        off.observation.quote = "0.97".parse().unwrap();
        let off = warning(View { latest: Some(off), ..view() });
        assert!(off.starts_with("USDC is more than 2 % off 1 USD"), "{off}");
    }

    #[test]
    fn proposals_are_shown_with_their_time() {
        let proposal = |number, from| Proposal { number, change: Change::Guardian(Felt::from(5)), from };
        let now = view().now;
        let proposals = vec![proposal(1, now - GRACE), proposal(2, now + 3_600)];
        let text = View { proposals, ..view() }.text();
        assert!(text.contains("proposal           1: guardian 0x00") && text.contains("; expired\n"), "{text}");
        assert!(text.contains("; from 2027-01-15T09:03:20Z until 2027-01-22T09:03:20Z\n"), "{text}");
    }

    #[test]
    fn a_proposal_says_what_it_changes() {
        let other = Limits { max_saturated: 30, deposit_cap: 5_000_000_000_000, ..limits() };
        let changes =
            [Change::Limits(other.clone()), Change::Limits(limits()), Change::Policy(policy(9_000)), Change::Policy(policy(5_000))];
        let proposals = (1..).zip(changes).map(|(number, change)| Proposal { number, change, from: 1 }).collect();
        let shown = View { proposals, ..view() };
        let text = shown.text();
        for part in [
            "policy             output value 0, by class: 0.00 %, hold, 50.00 %\n",
            "1: max_saturated 4 to 30, deposit_cap 1000000000000 to 5000000000000; ",
            "2: limits as they are; ",
            "3: policy of output value 0, by class: 0.00 %, hold, 90.00 %; ",
            "4: the policy as it is; ",
        ] {
            assert!(text.contains(part), "`{part}` is missing in:\n{text}");
        }
        let json = shown.json();
        assert_eq!(json["proposals"][0]["to"], json!({ "limits": other }));
        assert_eq!(json["policy"], json!({ "output": 0, "edges": null, "targets": [0, "hold", 5_000] }));
    }
}
