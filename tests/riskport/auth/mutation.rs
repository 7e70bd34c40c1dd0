//! Tokens that are almost good, and bytes that are nothing at all: never taken, and nothing panics.

use proptest::{prelude::*, sample::Index, test_runner::Config};

use super::forged::Register;
use crate::support::{
    forge::BASE64URL,
    mint::{Mint, TENANT, good_token},
};

const NOW: i64 = 1_800_000_000;

fn taken(register: &Register, token: &[u8]) -> bool {
    let value = [b"Bearer ", token].concat();
    // What is no text cannot be told as one here; the header's parser refuses it first.
    String::from_utf8(value).is_ok_and(|value| register.caller(&[value], NOW).is_ok())
}

/// Every digit of a token exchanged for every other byte: all there is to try, some 100,000 tokens.
#[test]
fn no_single_byte_can_be_exchanged() {
    let mint = Mint::new(String::new());
    let register = Register::of(&mint);
    let good = good_token(TENANT, &mint.keys["ed25519"].1, Some("credit.score"), NOW).into_bytes();
    assert!(taken(&register, &good));
    let mut tried = 0;
    for at in 0..good.len() {
        for byte in (0..=u8::MAX).filter(|byte| *byte != good[at]) {
            let mut bad = good.clone();
            bad[at] = byte;
            assert!(!taken(&register, &bad), "byte {at} as {byte} was taken");
            tried += 1;
        }
    }
    assert!(tried >= 50_000, "only {tried} were tried");
}

#[test]
fn no_byte_can_be_added_dropped_or_swapped_with_the_next() {
    let mint = Mint::new(String::new());
    let register = Register::of(&mint);
    for name in ["ed25519", "es256", "rs256", "ps256"] {
        let good = good_token(TENANT, &mint.keys[name].1, None, NOW).into_bytes();
        assert!(taken(&register, &good), "{name}");
        for at in 0..=good.len() {
            for byte in [b'A', b'.', b'='] {
                let mut bad = good.clone();
                bad.insert(at, byte);
                assert!(!taken(&register, &bad), "{name}: {byte} was added at {at}");
            }
            if at < good.len() {
                let mut bad = good.clone();
                bad.remove(at);
                assert!(!taken(&register, &bad), "{name}: byte {at} was dropped");
                let mut bad = good.clone();
                bad.swap(at, (at + 1) % good.len());
                assert!(bad == good || !taken(&register, &bad), "{name}: byte {at} was swapped");
            }
        }
    }
}

#[test]
fn no_digits_of_any_kind_of_token_can_be_exchanged() {
    let mint = Mint::new(String::new());
    let register = Register::of(&mint);
    let names = ["ed25519", "es256", "rs256", "ps256"];
    let good = names.map(|name| good_token(TENANT, &mint.keys[name].1, Some("credit.score"), NOW));
    let exchanges = prop::collection::vec((any::<Index>(), any::<Index>()), 1..4);
    proptest!(Config::with_cases(10_000), |(which in 0..names.len(), exchanges in exchanges)| {
        let mut bad = good[which].clone().into_bytes();
        for (at, digit) in exchanges {
            let at = at.index(bad.len());
            bad[at] = *digit.get(BASE64URL);
        }
        prop_assert_eq!(taken(&register, &bad), bad == good[which].as_bytes());
    });
}

#[test]
fn bytes_and_nonsense_never_panic_and_are_never_taken() {
    let mint = Mint::new(String::new());
    let register = Register::of(&mint);
    let json = r#"[{\[]{0,3}("[a-z]{0,4}":|[0-9e.-]{1,4}|"[^"]{0,5}"|null|,|[\]}]){0,12}"#;
    let encode = |part: &str| base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, part);
    proptest!(Config::with_cases(2_000), |(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        digits in "[A-Za-z0-9_-]{0,40}(\\.[A-Za-z0-9_-]{0,80}){0,5}",
        header in json,
        claims in json,
    )| {
        prop_assert!(!taken(&register, &bytes));
        prop_assert!(!taken(&register, digits.as_bytes()));
        let token = format!("{}.{}.AAAA", encode(&header), encode(&claims));
        prop_assert!(!taken(&register, token.as_bytes()));
        prop_assert!(riskport::auth::bearer([bytes.as_slice()].into_iter()).is_err());
        prop_assert!(riskport::auth::parse_jwk(&header, None).is_err());
    });
}

#[test]
fn claims_as_deep_as_they_may_be_are_no_trouble() {
    let mint = Mint::new(String::new());
    let register = Register::of(&mint);
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        for depth in [100, 1_000, 2_000] {
            let text = format!("{{\"alg\":{}0{}}}", open.repeat(depth), close.repeat(depth));
            let part = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, text);
            assert!(!taken(&register, format!("{part}.{part}.AAAA").as_bytes()));
        }
    }
}
