//! Makes the tokens of `tests/cases/tokens.toml`.

use std::{collections::BTreeMap, sync::LazyLock};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;

use super::forge::ForgeKey;

/// The tenant that the tokens are of, and another one.
pub const TENANT: &str = "walk-bank";
pub const OTHER: &str = "other-bank";

/// The cases.
pub static CASES: LazyLock<Cases> =
    LazyLock::new(|| toml::from_str(include_str!("../../cases/tokens.toml")).expect("the case file can be read"));

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cases {
    pub refused: Vec<Case>,
    pub accepted: Vec<Case>,
}

/// One token; the case file says what each member means.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Case {
    pub row: u8,
    pub what: String,
    pub fault: String,
    key: Option<String>,
    header: BTreeMap<String, String>,
    claims: BTreeMap<String, String>,
    without: Vec<String>,
    before: Texts,
    after: Texts,
    sign: Option<String>,
    pad: usize,
    authorization: Option<Vec<String>>,
}

/// Text for the header and for the claims.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Texts {
    header: String,
    claims: String,
}

/// Who has a key registered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Owner {
    Tenant,
    Other,
    Nobody,
}

/// The keys by the names that the cases use, and where they are registered. Both tenants have a key of the same id.
pub struct Mint {
    /// What `$url` stands for.
    pub url: String,
    pub keys: BTreeMap<&'static str, (Owner, ForgeKey)>,
}

impl Mint {
    pub fn new(url: String) -> Self {
        let keys = [
            ("ed25519", Owner::Tenant, ForgeKey::ed25519("ed25519")),
            ("es256", Owner::Tenant, ForgeKey::es256("es256")),
            ("rs256", Owner::Tenant, ForgeKey::rs256("rs256")),
            ("ps256", Owner::Tenant, ForgeKey::ps256("ps256")),
            ("revoked", Owner::Tenant, ForgeKey::ed25519("revoked")),
            ("others", Owner::Other, ForgeKey::ed25519("ed25519")),
            ("theirs", Owner::Other, ForgeKey::ed25519("theirs")),
            ("stranger", Owner::Nobody, ForgeKey::ed25519("ed25519")),
        ];
        Self { url, keys: keys.into_iter().map(|(name, owner, key)| (name, (owner, key))).collect() }
    }

    /// The values of the `authorization` header of a case, at a time in seconds.
    pub fn authorization(&self, case: &Case, now: i64) -> Vec<String> {
        let plain = ["Bearer $token".to_owned()];
        let values = case.authorization.as_deref().unwrap_or(&plain);
        let token = self.token(case, now);
        values.iter().map(|value| value.replace("$token", &token)).collect()
    }

    /// The token of a case.
    pub fn token(&self, case: &Case, now: i64) -> String {
        let key = &self.keys[case.key.as_deref().unwrap_or("ed25519")].1;
        let header = [("alg", quoted(key.alg)), ("kid", quoted(&key.kid))];
        let claims = [
            ("iss", quoted(TENANT)),
            ("aud", quoted("riskport")),
            ("iat", now.to_string()),
            ("exp", (now + 600).to_string()),
        ];
        let mut claims = members(&claims, &case.claims, &case.without, "claims.");
        if case.pad > 0 {
            claims.push(format!("\"pad\":\"{}\"", "x".repeat(case.pad)));
        }
        let header =
            object(members(&header, &case.header, &case.without, "header."), &case.before.header, &case.after.header);
        let claims = object(claims, &case.before.claims, &case.after.claims);
        let encode = |json: &str| URL_SAFE_NO_PAD.encode(self.fill(json, now));
        let signed = format!("{}.{}", encode(&header), encode(&claims));
        match case.sign.as_deref() {
            Some("absent") => signed,
            how => format!("{signed}.{}", key.signature(&signed, how.unwrap_or("good"))),
        }
    }

    /// Puts in what stands for something else.
    fn fill(&self, text: &str, now: i64) -> String {
        let mut filled = String::new();
        let mut pieces = text.split('$');
        filled.push_str(pieces.next().unwrap_or_default());
        for piece in pieces {
            let stranger = &self.keys["stranger"].1;
            let names = [
                ("tenant", TENANT.to_owned()),
                ("other", OTHER.to_owned()),
                ("url", self.url.clone()),
                ("jwk", stranger.jwk()),
                ("x5c", base64::engine::general_purpose::STANDARD.encode(stranger.der())),
                ("long", "a".repeat(10_240)),
            ];
            if let Some(rest) = piece.strip_prefix("now") {
                // A sign and digits after it are seconds to add.
                let end = rest.find(|c: char| !matches!(c, '+' | '-' | '0'..='9')).unwrap_or(rest.len());
                let (shift, rest) = if rest.starts_with(['+', '-']) { rest.split_at(end) } else { ("0", rest) };
                filled.push_str(&(now + shift.parse::<i64>().unwrap()).to_string());
                filled.push_str(rest);
            } else {
                let (name, value) = names.iter().find(|(name, _)| piece.starts_with(name)).expect("a known name");
                filled.push_str(value);
                filled.push_str(&piece[name.len()..]);
            }
        }
        filled
    }
}

/// A good token with a scope claim of its own, signed by any key for any tenant.
pub fn good_token(tenant: &str, key: &ForgeKey, scope: Option<&str>, now: i64) -> String {
    let scope = scope.map_or(String::new(), |scope| format!(r#","scope":"{scope}""#));
    let header = format!(r#"{{"alg":"{}","kid":"{}"}}"#, key.alg, key.kid);
    let claims =
        format!(r#"{{"iss":"{tenant}","aud":"riskport","sub":"teller 7","iat":{now},"exp":{}{scope}}}"#, now + 600);
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    format!("{signed}.{}", key.signature(&signed, "good"))
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// The members of a good object with a case's changes, those that are new last.
fn members(
    good: &[(&str, String)],
    changes: &BTreeMap<String, String>,
    without: &[String],
    prefix: &str,
) -> Vec<String> {
    let dropped = |name: &str| without.iter().any(|one| one.strip_prefix(prefix) == Some(name));
    let kept = good.iter().filter(|(name, _)| !dropped(name));
    let new = changes.iter().filter(|(name, _)| good.iter().all(|(known, _)| known != name));
    kept.map(|(name, value)| format!("\"{name}\":{}", changes.get(*name).unwrap_or(value)))
        .chain(new.map(|(name, value)| format!("\"{name}\":{value}")))
        .collect()
}

fn object(mut members: Vec<String>, before: &str, after: &str) -> String {
    if !before.is_empty() {
        members.insert(0, before.to_owned());
    }
    if !after.is_empty() {
        members.push(after.to_owned());
    }
    format!("{{{}}}", members.join(","))
}
