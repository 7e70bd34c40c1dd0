//! The case file of tokens, held against the rules in process: each is refused for its own reason.

use std::collections::BTreeMap;

use riskport::{
    auth::{Caller, Token, TokenFault, VerifyingKey, bearer, parse_jwk, verify},
    domain::{
        ids::{Kid, TenantId},
        key::Key,
        quota::QuotaSet,
        scope::ScopeSet,
        tenant::{RequestRate, Tenant, TenantMode, TenantState},
        time::Timestamp,
        zone::TimeZone,
    },
};

use crate::support::mint::{CASES, Case, Mint, OTHER, Owner, TENANT};

/// Any time will do: nothing here reads a clock.
const NOW: i64 = 1_800_000_000;

/// The registered keys, as a server would look them up.
pub struct Register(BTreeMap<(String, String), VerifyingKey>);

impl Register {
    pub fn of(mint: &Mint) -> Self {
        let mut keys = BTreeMap::new();
        for (name, (owner, key)) in &mint.keys {
            let tenant = match owner {
                Owner::Tenant => TENANT,
                Owner::Other => OTHER,
                Owner::Nobody => continue,
            };
            let public = parse_jwk(&key.jwk(), None).unwrap();
            let registered = Key {
                tenant: TenantId::parse(tenant).unwrap(),
                kid: Kid::parse(&key.kid).unwrap(),
                algorithm: public.algorithm,
                jwk: public.jwk,
                scopes: ScopeSet::partner(),
                display_name: String::new(),
                created: Timestamp::from_micros(0),
                revoked: (*name == "revoked").then(|| Timestamp::from_micros(1)),
            };
            keys.insert((tenant.to_owned(), key.kid.clone()), VerifyingKey::new(registered).unwrap());
        }
        Self(keys)
    }

    /// What a server does with the values of an `authorization` header.
    pub fn caller(&self, authorization: &[String], now: i64) -> Result<Caller, TokenFault> {
        let token = Token::parse(bearer(authorization.iter().map(String::as_bytes))?)?;
        let named = (token.issuer.as_str().to_owned(), token.kid.as_str().to_owned());
        let key = self.0.get(&named).ok_or(TokenFault::UnknownKey)?;
        let tenant = Tenant {
            id: token.issuer.clone(),
            display_name: named.0,
            state: TenantState::Active,
            scopes: ScopeSet::partner(),
            rate: RequestRate::DEFAULT,
            quotas: QuotaSet::default(),
            four_eyes: false,
            mode: TenantMode::Live,
            time_zone: TimeZone::utc(),
            created: Timestamp::from_micros(0),
            updated: Timestamp::from_micros(0),
        };
        verify(&token, key, &tenant, "riskport", None, Timestamp::from_micros(now * 1_000_000))
    }
}

#[test]
fn each_forged_token_is_refused_for_its_own_fault() {
    let mint = Mint::new("http://127.0.0.1:1".to_owned());
    let register = Register::of(&mint);
    let wrong: Vec<String> = CASES.refused.iter().filter_map(|case| unlike(case, &mint, &register)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn unlike(case: &Case, mint: &Mint, register: &Register) -> Option<String> {
    let verdict =
        register.caller(&mint.authorization(case, NOW), NOW).map(|_| ()).map_err(|fault| format!("{fault:?}"));
    (verdict != Err(case.fault.clone()))
        .then(|| format!("row {}, {}: {verdict:?}, not {}", case.row, case.what, case.fault))
}

#[test]
fn the_case_file_has_every_row_once_or_more() {
    for row in 1..=18 {
        assert!(CASES.refused.iter().any(|case| case.row == row), "no token is of row {row}");
    }
}

#[test]
fn tokens_at_the_edge_are_taken() {
    let mint = Mint::new("http://127.0.0.1:1".to_owned());
    let register = Register::of(&mint);
    for case in &CASES.accepted {
        let caller = register.caller(&mint.authorization(case, NOW), NOW);
        assert_eq!(caller.map(|caller| caller.tenant().to_string()), Ok(TENANT.to_owned()), "{}", case.what);
    }
}

/// Clocks differ: a minute is forgiven, and no second more.
#[test]
fn a_token_may_be_a_minute_early() {
    let mint = Mint::new("http://127.0.0.1:1".to_owned());
    let register = Register::of(&mint);
    for (ahead, taken) in [(10, true), (60, true), (61, false), (3_600, false)] {
        let claims = format!("claims = {{ iat = \"$now+{ahead}\", exp = \"$now+{}\" }}", ahead + 600);
        let case: Case = toml::from_str(&claims).unwrap();
        let caller = register.caller(&mint.authorization(&case, NOW), NOW);
        assert_eq!(caller.is_ok(), taken, "{ahead} s ahead: {:?}", caller.err());
    }
}

#[test]
fn eight_kibibytes_are_looked_at_and_no_more() {
    let value = |length: usize| format!("Bearer {}", "a".repeat(length));
    assert!(bearer([value(8_192).as_bytes()].into_iter()).is_ok());
    assert_eq!(bearer([value(8_193).as_bytes()].into_iter()), Err(TokenFault::TooLong));
}
