use proptest::prelude::*;

use super::*;

const PURPOSE: KeyPurpose = KeyPurpose::SignEs256;
const SCHEDULE: RotationSchedule = RotationSchedule {
    publish_ahead: Duration::from_mins(1),
    active_for: Duration::from_mins(10),
    verify_after: Duration::from_mins(5),
};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(seconds)
}

/// A store of key records that carries plans out, and remembers what its keys made.
#[derive(Default)]
struct Store {
    records: Vec<KeyRecord>,
    made: u32,
    /// kid and expiry of every token.
    tokens: Vec<(String, Timestamp)>,
}

impl Store {
    fn rotate(&mut self, now: Timestamp) {
        let plan = plan_rotation(&self.records, PURPOSE, SCHEDULE, now);
        for retirement in plan.retire {
            let record = self.records.iter_mut().find(|r| r.kid == retirement.kid).unwrap();
            record.retires_at = Some(retirement.retires_at);
            record.removes_at = Some(retirement.removes_at);
        }
        self.records.retain(|record| !plan.remove.contains(&record.kid));
        if let Some(activates_at) = plan.create {
            self.made += 1;
            self.records.push(KeyRecord {
                kid: format!("k{}", self.made),
                purpose: PURPOSE,
                wrapped: vec![],
                created_at: now,
                activates_at,
                retires_at: None,
                removes_at: None,
                compromised_at: None,
            });
        }
    }

    fn compromise(&mut self, index: usize, now: Timestamp) {
        if let Some(index) = index.checked_rem(self.records.len()) {
            self.records[index].compromised_at = Some(now);
        }
    }

    fn issue(&mut self, now: Timestamp) {
        let kid = maker(self.records.iter(), now).expect("a signer at every instant").kid.clone();
        self.tokens.push((kid, now.plus(SCHEDULE.verify_after)));
    }

    fn living_tokens_are_believed(&self, compromised: &[String], now: Timestamp) -> bool {
        self.tokens
            .iter()
            .filter(|(kid, expires)| now < *expires && !compromised.contains(kid))
            .all(|(kid, _)| {
                self.records.iter().any(|r| r.kid == *kid && KeyStage::of(r, now).is_believed())
            })
    }
}

proptest! {
    /// ATK-130, ATK-131: rotation runs whenever it happens to run, keys leak now and then; at every
    /// instant one key signs, and every living token of a key that did not leak is believed.
    #[test]
    fn one_key_signs_and_every_living_token_verifies(
        steps in prop::collection::vec((1_i64..900, prop::option::weighted(0.1, any::<usize>())), 1..60)
    ) {
        let mut store = Store::default();
        let mut now = at(1_000_000);
        let mut compromised = Vec::new();
        store.rotate(now);
        for (seconds, leak) in steps {
            // Time passes without anybody rotating.
            for _ in 0..seconds.min(40) {
                now = now.plus(Duration::from_secs(u64::try_from(seconds / seconds.min(40)).unwrap()));
                store.issue(now);
                prop_assert!(store.living_tokens_are_believed(&compromised, now));
            }
            if let Some(index) = leak {
                store.compromise(index, now);
                compromised = store.records.iter().filter(|r| r.compromised_at.is_some())
                    .map(|r| r.kid.clone()).chain(compromised).collect();
            }
            store.rotate(now);
            store.tokens.retain(|(_, expires)| now < *expires);
            prop_assert!(store.living_tokens_are_believed(&compromised, now));
            prop_assert!(plan_rotation(&store.records, PURPOSE, SCHEDULE, now).create.is_none());
            prop_assert!(store.records.len() < 50, "records pile up");
        }
    }

    /// ATK-130: without a leak, every key but the first was visible long enough before its first use.
    #[test]
    fn a_key_is_published_before_it_signs(steps in prop::collection::vec(1_u64..900, 1..80)) {
        let mut store = Store::default();
        let mut now = at(1_000_000);
        store.rotate(now);
        for seconds in steps {
            now = now.plus(Duration::from_secs(seconds));
            store.rotate(now);
            let signer = maker(store.records.iter(), now).unwrap();
            let ahead = signer.activates_at.since(signer.created_at);
            prop_assert!(signer.kid == "k1" || ahead >= SCHEDULE.publish_ahead);
        }
    }
}

#[test]
fn the_first_key_signs_at_once_and_its_successor_is_announced() {
    let mut store = Store::default();
    // Dated back to 0, so that it is due at 600.
    store.rotate(at(0).plus(CLOCK_SKEW));
    assert_eq!(maker(store.records.iter(), at(0)).unwrap().kid, "k1");
    assert!(plan_rotation(&store.records, PURPOSE, SCHEDULE, at(539)).is_empty());

    store.rotate(at(540));
    assert_eq!(KeyStage::of(&store.records[1], at(540)), KeyStage::Published);
    assert_eq!(maker(store.records.iter(), at(599)).unwrap().kid, "k1");
    assert_eq!(maker(store.records.iter(), at(600)).unwrap().kid, "k2");
    assert_eq!(KeyStage::of(&store.records[0], at(600)), KeyStage::VerifyOnly);
    assert_eq!(KeyStage::of(&store.records[0], at(900)), KeyStage::Removed);
    assert_eq!(plan_rotation(&store.records, PURPOSE, SCHEDULE, at(900)).remove, ["k1"]);
}

#[test]
fn keys_of_another_purpose_are_left_alone() {
    let mut store = Store::default();
    store.rotate(at(0));
    let plan = plan_rotation(&store.records, KeyPurpose::Seal, SCHEDULE, at(0));
    let create = Some(at(0).minus(CLOCK_SKEW));
    assert_eq!(plan, RotationPlan { create, ..RotationPlan::default() });
}

#[test]
fn a_node_whose_clock_is_behind_does_not_fill_the_same_gap_again() {
    let mut store = Store::default();
    store.rotate(at(100));
    assert!(plan_rotation(&store.records, PURPOSE, SCHEDULE, at(90)).is_empty());
}

#[test]
fn two_nodes_that_rotate_in_one_instant_agree_on_the_signer() {
    let (mut first, mut second) = (Store::default(), Store { made: 7, ..Store::default() });
    first.rotate(at(0));
    second.rotate(at(0));
    let mut merged = first.records;
    merged.append(&mut second.records);
    let backwards: Vec<KeyRecord> = merged.iter().rev().cloned().collect();
    assert_eq!(
        maker(merged.iter(), at(1)).unwrap().kid,
        maker(backwards.iter(), at(1)).unwrap().kid
    );

    let mut store = Store { records: merged, made: 8, tokens: vec![] };
    store.rotate(at(1));
    let stages: Vec<_> = store.records.iter().map(|r| KeyStage::of(r, at(1))).collect();
    assert_eq!(stages, [KeyStage::VerifyOnly, KeyStage::Active]);
}

#[test]
fn when_the_announced_successor_leaks_the_current_key_goes_on() {
    let mut store = Store::default();
    store.rotate(at(0));
    store.rotate(at(540));
    store.records[1].compromised_at = Some(at(550));
    store.rotate(at(550));
    assert_eq!(maker(store.records.iter(), at(605)).unwrap().kid, "k1");
    assert_eq!(maker(store.records.iter(), at(610)).unwrap().kid, "k3");
}

#[test]
fn when_the_current_key_and_its_successor_both_leak_no_instant_is_without_a_signer() {
    let mut store = Store::default();
    store.rotate(at(0));
    store.rotate(at(540)); // k2 is announced for 600
    store.records[0].compromised_at = Some(at(550));
    store.rotate(at(550)); // k3 fills the gap
    store.rotate(at(551)); // and is told to retire at 600
    store.records[1].compromised_at = Some(at(560));
    store.rotate(at(560));
    for second in 560..1200 {
        assert!(maker(store.records.iter(), at(second)).is_some(), "{second}");
    }
}
