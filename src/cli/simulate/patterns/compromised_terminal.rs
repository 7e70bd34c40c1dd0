//! A compromised terminal: cards that are used at it for some time are copied, and the copies are used there and at other
//! tills, days later. Nothing about one such payment is strange; only that others like it were fraud.

use std::collections::BTreeMap;

use super::{HOUR_US, Incident};
use crate::cli::simulate::{
    event::{Draft, Id},
    season::{DAY_US, time_of},
    world::{HOME, Merchant},
};

/// A bank takes the money back after 2 to 20 days.
const KNOWN_HOURS: (i64, i64) = (48, 480);

/// Where cards were used, by till.
pub(super) struct Tills<'a>(BTreeMap<Id, Vec<&'a Draft>>);

impl<'a> Tills<'a> {
    /// The payments at tills among what customers did.
    pub(super) fn of(genuine: &'a [Draft]) -> Self {
        let mut tills: BTreeMap<Id, Vec<&Draft>> = BTreeMap::new();
        for draft in genuine {
            if let Some(till) = draft.parties.terminal {
                tills.entry(till).or_default().push(draft);
            }
        }
        Self(tills)
    }
}

impl Incident<'_> {
    /// Copies the cards that are used at a till, and uses the copies.
    pub(super) fn copy_cards(&mut self, tills: &Tills<'_>) {
        let merchant = *self.ground.world.tills.any(&mut self.random);
        let till = merchant.till(&mut self.random);
        let days = self.vary((10, 24), (8, 28));
        let begin = self.begin(days * DAY_US);
        let copied = u32::try_from(self.vary((200, 500), (150, 420))).unwrap_or(0);
        let until = begin + days * DAY_US;
        let fence = *self.ground.world.tills.obscure(&mut self.random);
        let used_there = tills.0.get(&till).map(Vec::as_slice).unwrap_or_default();
        for seen in used_there.iter().filter(|seen| (begin..until).contains(&seen.time_us)) {
            if self.random.in_thousand(copied) {
                self.use_copy(seen, until, fence);
            }
        }
    }

    /// Uses the copy of a card that was seen, once or a few times: at the same till while it is safe, at the till of a friend
    /// who asks no questions, or anywhere.
    fn use_copy(&mut self, seen: &Draft, until: i64, fence: Merchant) {
        let payments = self.vary((1, 5), (1, 4));
        let mut time_us = seen.time_us + self.vary((6, 120), (20, 260)) * HOUR_US;
        for _ in 0..payments {
            let mut draft = seen.clone();
            let hour = self.vary((9, 21), (7, 22));
            let day = time_us.div_euclid(DAY_US);
            draft.time_us = time_of(day, hour * 60 + self.random.between(0, 59), HOME.0, &mut self.random);
            if draft.time_us > seen.time_us {
                let there = draft.time_us < until && self.random.in_thousand(600);
                if !there {
                    let friend = self.random.in_thousand(550);
                    let other = if friend { fence } else { *self.ground.world.tills.popular(&mut self.random) };
                    draft.parties.merchant = Some(other.id);
                    draft.parties.terminal = Some(other.till(&mut self.random));
                }
                let dear = self.vary((70, 260), (60, 210));
                let price = seen.price.map_or(5_000, |price| price.minor);
                draft = draft.priced(self.random.around(price.saturating_mul(dear) / 100, 8));
                self.push(draft, KNOWN_HOURS);
            }
            time_us += self.vary((2, 60), (10, 90)) * HOUR_US;
        }
    }
}
