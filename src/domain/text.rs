//! What a piece of free text may hold.

/// Checks that a text has at most `max` characters and none that hides or breaks something: no control characters,
/// among them U+0000, which no database column takes.
///
/// # Errors
/// One sentence that says the rule.
pub fn plain(value: &str, min: usize, max: usize) -> Result<String, String> {
    // Counting stops one past the limit, so that a huge text costs no more than a long one.
    let length = value.chars().take(max + 1).count();
    if length < min || length > max {
        return Err(format!("must have {min} to {max} characters"));
    }
    if value.chars().any(char::is_control) {
        return Err("must not hold control characters".to_owned());
    }
    Ok(value.to_owned())
}

/// Checks that a text is made of `min` to `max` ASCII letters, digits and the characters of `also`.
///
/// # Errors
/// One sentence that says the rule.
pub fn token(value: &str, min: usize, max: usize, also: &str) -> Result<String, String> {
    let fits = (min..=max).contains(&value.len())
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || also.as_bytes().contains(&byte));
    if fits { Ok(value.to_owned()) } else { Err(format!("must be {min} to {max} of letters, digits and {also}")) }
}

/// Checks that a text is made of 1 to 64 lower-case ASCII letters, digits and `-`.
///
/// # Errors
/// One sentence that says the rule.
pub fn lower_token(value: &str) -> Result<String, String> {
    match token(value, 1, 64, "-") {
        Ok(id) if !id.bytes().any(|byte| byte.is_ascii_uppercase()) => Ok(id),
        _ => Err("must be 1 to 64 of lower-case letters, digits and -".to_owned()),
    }
}

/// Checks that a text is a name: 1 to 64 of lower-case letters, digits and `_`, a letter first.
///
/// # Errors
/// One sentence that says the rule.
pub fn name(value: &str) -> Result<(), String> {
    let fits = (1..=64).contains(&value.len())
        && value.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && value.starts_with(|first: char| first.is_ascii_lowercase());
    if fits { Ok(()) } else { Err("must be 1 to 64 of lower-case letters, digits and _, a letter first".to_owned()) }
}

/// Puts parts together, each after its length (4 bytes, big-endian), so that no two different lists give the same bytes.
#[must_use]
pub fn payload(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len() + 4).sum());
    for part in parts {
        bytes.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

/// The parts that [`payload`] put together; nothing when the bytes are none.
#[must_use]
pub fn parts(mut bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut parts = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        let (part, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        parts.push(part);
        bytes = rest;
    }
    Some(parts)
}
