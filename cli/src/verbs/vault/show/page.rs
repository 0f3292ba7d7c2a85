//! The page, as text and for machines.

use maat_starknet::vault::Change;
use maat_strategy::amount;
use maat_strategy::hour::utc;
use maat_strategy::limits::Limits;
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

fn change(change: &Change) -> String {
    match change {
        Change::Policy(policy) => format!("another policy, of {} targets", policy.targets().len()),
        Change::Limits(limits) => format!("limits: {}", limits_text(limits)),
        Change::Adapter(to) => format!("adapter {to:#066x}"),
        Change::Guardian(to) => format!("guardian {to:#066x}"),
    }
}

fn limits_text(limits: &Limits) -> String {
    let wide = |bps: u32| format!("{}.{:02} %", bps / 100, bps % 100);
    format!(
        "weight {} at most, trades {} to {}, {} a day, {} h apart; slip {} to {}, drift {}, drawdown {}",
        bps(limits.max_weight_bps),
        bps(limits.min_trade_bps),
        bps(limits.max_trade_bps),
        wide(limits.max_turnover_bps),
        limits.cooldown_hours,
        bps(limits.min_slip_bps),
        bps(limits.max_slip_bps),
        bps(limits.max_drift_bps),
        bps(limits.max_drawdown_bps),
    )
}

impl View {
    /// What the base tokens are worth at the recorded price, in the quote token.
    fn base_value(&self) -> Option<u128> {
        self.nav?.checked_sub(self.snapshot.books.managed.quote)
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
            ("limits", limits_text(limits)),
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
            ("proposal", format!("{}: {}; {when}", proposal.number, change(&proposal.change)))
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
            investor.requests.iter().map(|(kind, request)| ("its request", request_text(*kind, request, self.snapshot.state, units))),
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
                "number": proposal.number, "change": change(&proposal.change), "from": utc(proposal.from),
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
            "limits": self.limits,
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
