//! One type for each kind of id, so that one cannot stand in another's place.

use std::fmt;

use uuid::Uuid;

use super::text;

/// Makes a newtype over text that only its `parse` can make.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $parse:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Takes a text that has the form of this id.
            ///
            /// # Errors
            /// One sentence that says the form; it does not repeat the value.
            pub fn parse(value: &str) -> Result<Self, String> {
                let parse: fn(&str) -> Result<String, String> = $parse;
                parse(value).map(Self)
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// A tenant: 3-40 of `[a-z0-9-]`, a letter first, no hyphen last. It is the `iss` of the tenant's tokens.
    TenantId,
    tenant_id
);
text_id!(
    /// A key of a tenant: 1-128 of `[A-Za-z0-9._~-]`.
    Kid,
    |value| text::token(value, 1, 128, "._~-")
);
text_id!(
    /// The partner's own id of a request, the key of idempotency: 1-64 of `[A-Za-z0-9._-]`.
    RequestId,
    |value| text::token(value, 1, 64, "._-")
);
text_id!(
    /// A model: 1-64 of `[a-z0-9-]`.
    ModelId,
    text::lower_token
);
text_id!(
    /// A decision: a UUID of version 7 in its usual text form.
    DecisionId,
    uuid_text
);
text_id!(
    /// A report of an outcome: a UUID of version 7 in its usual text form.
    OutcomeId,
    uuid_text
);
text_id!(
    /// A process that writes decisions: a UUID of version 7 in its usual text form.
    WriterId,
    uuid_text
);

/// Ids that the platform makes, from UUIDs of version 7 (RFC 9562): they sort roughly by time.
macro_rules! from_uuid {
    ($($name:ident),+) => {$(
        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid.to_string())
            }
        }
    )+};
}

from_uuid!(DecisionId, OutcomeId, WriterId);

impl TenantId {
    /// The id of the platform operator's own tenant.
    pub const OPERATOR: &'static str = "operator";

    /// The platform operator's own tenant, which every installation has once.
    #[must_use]
    pub fn operator() -> Self {
        Self(Self::OPERATOR.to_owned())
    }

    /// Whether this is the platform operator's own tenant.
    #[must_use]
    pub fn is_operator(&self) -> bool {
        self.0 == Self::OPERATOR
    }
}

fn tenant_id(value: &str) -> Result<String, String> {
    let bytes = value.as_bytes();
    let fits = (3..=40).contains(&bytes.len())
        && bytes.first().is_some_and(u8::is_ascii_lowercase)
        && bytes.last() != Some(&b'-')
        && bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-');
    if fits {
        Ok(value.to_owned())
    } else {
        Err("must be 3 to 40 of lower-case letters, digits and -, a letter first and no - last".to_owned())
    }
}

fn uuid_text(value: &str) -> Result<String, String> {
    let groups = [8, 13, 18, 23];
    let fits = value.len() == 36
        && value.bytes().enumerate().all(|(at, byte)| {
            if groups.contains(&at) { byte == b'-' } else { byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte) }
        });
    if fits { Ok(value.to_owned()) } else { Err("must be a UUID in lower case".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_take_their_form_and_nothing_else() {
        assert!(TenantId::parse("north-bank-2").is_ok());
        for bad in ["", "ab", "-ab", "ab-", "Abc", "a/b", "a\0b", &"a".repeat(41)] {
            assert!(TenantId::parse(bad).is_err(), "{bad:?} was taken");
        }
        assert!(RequestId::parse(&"x".repeat(64)).is_ok());
        for bad in ["", "a b", "é", "a\n", &"x".repeat(65)] {
            assert!(RequestId::parse(bad).is_err(), "{bad:?} was taken");
        }
        assert!(DecisionId::parse("01890a5d-ac96-774b-bcce-b302099a8057").is_ok());
        assert!(DecisionId::parse("01890A5D-AC96-774B-BCCE-B302099A8057").is_err());
        assert!(ModelId::parse("card-behaviour").is_ok());
        assert!(ModelId::parse("Card").is_err());
    }
}
