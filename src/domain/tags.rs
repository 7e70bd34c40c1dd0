//! The partner's own tags of a subject, by which reports tell decisions apart. Models never see them.

use super::{
    features::Features,
    text::{parts, payload, token},
};

/// A tag: 1-32 of `[a-z0-9_-]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

impl Tag {
    /// Takes a text that has the form of a tag.
    ///
    /// # Errors
    /// One sentence that says the form.
    pub fn parse(value: &str) -> Result<Self, String> {
        match token(value, 1, 32, "_-") {
            Ok(tag) if !tag.bytes().any(|byte| byte.is_ascii_uppercase()) => Ok(Self(tag)),
            _ => Err("must be 1 to 32 of lower-case letters, digits, _ and -".to_owned()),
        }
    }

    /// The tag as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The tags of one subject.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tags {
    /// The segment it belongs to.
    pub segment: Option<Tag>,
    /// The group that must be treated fairly, to which it belongs.
    pub group: Option<Tag>,
}

impl Tags {
    fn is_empty(&self) -> bool {
        self.segment.is_none() && self.group.is_none()
    }

    fn texts(&self) -> [&str; 2] {
        [&self.segment, &self.group].map(|tag| tag.as_ref().map_or("", Tag::as_str))
    }

    /// Adds the tags to the bytes that make two requests the same request. Requests without tags have the bytes that they
    /// had before there were tags, so that a retry across that change is still one.
    pub fn join_payload(&self, bytes: &mut Vec<u8>) {
        if !self.is_empty() {
            bytes.extend(payload(&self.texts().map(str::as_bytes)));
        }
    }
}

/// Two bytes that begin no canonical feature, for a feature's name is never empty: after them come tags.
const TAGS_FOLLOW: [u8; 2] = [0, 0];

/// The canonical bytes of what a model's decision is made on: features, and tags where there are any.
#[must_use]
pub fn decision_inputs(features: &Features, tags: &Tags) -> Vec<u8> {
    let mut bytes = features.canonical();
    if !tags.is_empty() {
        bytes.extend(TAGS_FOLLOW);
        tags.join_payload(&mut bytes);
    }
    bytes
}

/// Reads back what [`decision_inputs`] writes; nothing when the bytes are none.
#[must_use]
pub fn read_decision_inputs(bytes: &[u8]) -> Option<(Features, Tags)> {
    let (features, rest) = Features::read_canonical(bytes)?;
    let Some(tags) = rest.strip_prefix(&TAGS_FOLLOW) else {
        return rest.is_empty().then(|| (features, Tags::default()));
    };
    let parts = parts(tags)?;
    let [segment, group] = parts.as_slice() else { return None };
    let read = |bytes: &[u8]| Tag::parse(std::str::from_utf8(bytes).ok()?).ok();
    let tags = Tags { segment: read(segment), group: read(group) };
    // What stands in an absent tag's place is empty; anything else must be a tag.
    let whole = tags.segment.is_some() != segment.is_empty() && tags.group.is_some() != group.is_empty();
    whole.then_some((features, tags))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::features::FeatureValue;

    proptest! {
        #[test]
        fn inputs_read_back(
            numbers in prop::collection::btree_map("[a-z_]{1,8}", -1e9..1e9f64, 0..8),
            segment in prop::option::of("[a-z0-9_-]{1,32}"),
            group in prop::option::of("[a-z0-9_-]{1,32}"),
        ) {
            let mut features = Features::default();
            for (name, number) in numbers {
                features.insert(&name, FeatureValue::Number(number)).unwrap();
            }
            let tag = |one: Option<String>| one.map(|one| Tag::parse(&one).unwrap());
            let tags = Tags { segment: tag(segment), group: tag(group) };
            let bytes = decision_inputs(&features, &tags);
            prop_assert_eq!(read_decision_inputs(&bytes), Some((features, tags)));
        }

        #[test]
        fn reading_any_bytes_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = read_decision_inputs(&bytes);
        }
    }

    #[test]
    fn inputs_without_tags_are_the_features_alone() {
        let mut features = Features::default();
        features.insert("age", FeatureValue::Number(41.0)).unwrap();
        assert_eq!(decision_inputs(&features, &Tags::default()), features.canonical());
    }
}
