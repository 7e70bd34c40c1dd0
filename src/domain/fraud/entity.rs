//! Who and what takes part in an event.

use std::net::IpAddr;

use crate::domain::text;

named!(
    /// What kind of thing an entity is. The order is that of [`Event::entities`](super::Event::entities).
    EntityKind {
        /// The customer's account with the partner: the person, as far as the partner knows it.
        Account = "account",
        /// A payment card, as a token of the partner's.
        Card = "card",
        /// A phone, a browser, a machine.
        Device = "device",
        /// An internet address.
        Ip = "ip",
        /// A phone number.
        Phone = "phone",
        /// An email address.
        Email = "email",
        /// A postal address.
        Address = "address",
        /// Who sells.
        Merchant = "merchant",
        /// The till or the checkout that a card was used at.
        Terminal = "terminal",
        /// Who gets the money.
        Beneficiary = "beneficiary",
        /// The network of the internet address: the first 24 bits of IPv4, the first 48 of IPv6. It follows from the address.
        Network = "network",
    }
);

/// How many kinds of entities there are.
pub const ENTITY_KINDS: usize = 11;

impl EntityKind {
    /// Every kind, in order.
    pub const ALL: [Self; ENTITY_KINDS] = [
        Self::Account,
        Self::Card,
        Self::Device,
        Self::Ip,
        Self::Phone,
        Self::Email,
        Self::Address,
        Self::Merchant,
        Self::Terminal,
        Self::Beneficiary,
        Self::Network,
    ];

    /// Its place in [`Self::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// A value of this kind in the one form in which equal things are equal: no spaces in a phone number, no capitals in an
    /// email address, one way to write an internet address.
    ///
    /// # Errors
    /// One sentence that says the rule. It does not repeat the value.
    pub fn normalise(self, value: &str) -> Result<String, String> {
        match self {
            Self::Ip => {
                let ip: Result<IpAddr, _> = value.trim().parse();
                ip.map(|ip| ip.to_canonical().to_string()).map_err(|_| "must be an IPv4 or IPv6 address".to_owned())
            }
            Self::Phone => phone(value),
            Self::Email => email(value),
            Self::Address => {
                let plain = text::plain(value, 1, 256)?;
                let words: Vec<&str> = plain.split_whitespace().collect();
                let joined = words.join(" ").to_lowercase();
                if joined.is_empty() { Err("must not be blank".to_owned()) } else { Ok(joined) }
            }
            Self::Network => Err("follows from the ip".to_owned()),
            _ => text::plain(value, 1, 128),
        }
    }
}

fn phone(value: &str) -> Result<String, String> {
    let rule =
        || "must be 3 to 32 digits, with a + before them, spaces, hyphens, dots and parentheses as you like".to_owned();
    if value.len() > 64 {
        return Err(rule());
    }
    let kept: String = value.chars().filter(|one| !matches!(one, ' ' | '-' | '(' | ')' | '.')).collect();
    let digits = kept.strip_prefix('+').unwrap_or(&kept);
    let fits = (3..=32).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if fits { Ok(kept) } else { Err(rule()) }
}

fn email(value: &str) -> Result<String, String> {
    let value = text::plain(value, 3, 254)?.trim().to_lowercase();
    match value.split_once('@') {
        Some((local, domain)) if !local.is_empty() && !domain.is_empty() && !domain.contains('@') => Ok(value),
        _ => Err("must have one @ with something on both sides".to_owned()),
    }
}

/// The keyed hash of an entity: the first 128 bits of an HMAC-SHA-256 over its kind and value under a key of the tenant's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityKey(u128);

impl EntityKey {
    /// Takes the bytes of a hash.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }

    /// The bytes of the hash.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// The hash as a number.
    #[must_use]
    pub const fn as_u128(self) -> u128 {
        self.0
    }
}

/// The entities of an event in the clear, each in its normal form; they must be neither stored nor logged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entities([Option<String>; ENTITY_KINDS]);

impl Entities {
    /// Puts an entity in, in its normal form.
    ///
    /// # Errors
    /// One sentence that says the rule of its kind.
    pub fn set(&mut self, kind: EntityKind, value: &str) -> Result<(), String> {
        let normal = kind.normalise(value)?;
        if let (EntityKind::Ip, Ok(ip)) = (kind, normal.parse::<IpAddr>()) {
            self.put(EntityKind::Network, network_of(ip));
        }
        self.put(kind, normal);
        Ok(())
    }

    fn put(&mut self, kind: EntityKind, value: String) {
        if let Some(place) = self.0.get_mut(kind.index()) {
            *place = Some(value);
        }
    }

    /// The entity of a kind, if the event has one.
    #[must_use]
    pub fn get(&self, kind: EntityKind) -> Option<&str> {
        self.0.get(kind.index()).and_then(Option::as_deref)
    }

    /// The entities that are there.
    pub fn iter(&self) -> impl Iterator<Item = (EntityKind, &str)> {
        EntityKind::ALL.into_iter().filter_map(|kind| self.get(kind).map(|value| (kind, value)))
    }
}

/// The prefix lengths at which internet addresses are held against lists: an entry with another length is spread over the
/// next longer of these.
const V4_LENGTHS: [u8; 5] = [0, 8, 16, 24, 32];
const V6_LENGTHS: [u8; 10] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 128];

/// The networks that an address lies in, as texts such as `10.1.0.0/16`, at the lengths at which lists are kept.
#[must_use]
pub fn network_prefixes(ip: IpAddr) -> Vec<String> {
    match ip.to_canonical() {
        ip @ IpAddr::V4(_) => V4_LENGTHS.iter().map(|&length| prefix(ip, length)).collect(),
        ip @ IpAddr::V6(_) => V6_LENGTHS.iter().map(|&length| prefix(ip, length)).collect(),
    }
}

fn network_of(ip: IpAddr) -> String {
    prefix(ip, if ip.is_ipv4() { 24 } else { 48 })
}

fn prefix(ip: IpAddr, length: u8) -> String {
    match ip {
        IpAddr::V4(ip) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(length.min(32))).unwrap_or(0);
            format!("{}/{length}", std::net::Ipv4Addr::from(u32::from(ip) & mask))
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(length.min(128))).unwrap_or(0);
            format!("{}/{length}", std::net::Ipv6Addr::from(u128::from(ip) & mask))
        }
    }
}

/// What a value stands for on a list of a kind, in its normal form: itself, or for an internet address or a network the
/// networks that lists keep.
///
/// # Errors
/// One sentence that says the rule. It does not repeat the value.
pub fn list_entry(kind: EntityKind, value: &str) -> Result<Vec<String>, String> {
    match kind {
        EntityKind::Ip => list_networks(value),
        kind => kind.normalise(value).map(|normal| vec![normal]),
    }
}

/// The networks that a list entry stands for, at the lengths at which lists are kept: `10.1.2.3`, `10.0.0.0/12` and so on.
///
/// # Errors
/// One sentence, when it is no address or network, has bits beyond its length, or would be spread over more than 128.
fn list_networks(value: &str) -> Result<Vec<String>, String> {
    let (address, length) = match value.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (value, None),
    };
    let wrong = || "must be an address or a network such as 10.1.0.0/16".to_owned();
    let ip = address.trim().parse::<IpAddr>().map_err(|_| wrong())?.to_canonical();
    let (bits, lengths): (u8, &[u8]) = if ip.is_ipv4() { (32, &V4_LENGTHS) } else { (128, &V6_LENGTHS) };
    let length = match length {
        Some(text) => text.parse::<u8>().ok().filter(|length| *length <= bits).ok_or_else(wrong)?,
        None => bits,
    };
    if prefix(ip, length) != format!("{ip}/{length}") {
        return Err("must have no bits set beyond its length".to_owned());
    }
    let kept = lengths.iter().copied().find(|kept| *kept >= length).unwrap_or(bits);
    let spread = kept - length;
    if spread > 7 {
        return Err("must be an IPv6 network of at most 64 bits, or one address".to_owned());
    }
    Ok((0..1_u128 << spread).map(|step| prefix(stepped(ip, step, bits - kept), kept)).collect())
}

/// The address so many networks on, each of 2^`shift` addresses.
fn stepped(ip: IpAddr, step: u128, shift: u8) -> IpAddr {
    let add = step.checked_shl(u32::from(shift)).unwrap_or(0);
    match ip {
        IpAddr::V4(ip) => IpAddr::V4(u32::try_from(u128::from(u32::from(ip)) + add).unwrap_or(u32::MAX).into()),
        IpAddr::V6(ip) => IpAddr::V6(u128::from(ip).saturating_add(add).into()),
    }
}
