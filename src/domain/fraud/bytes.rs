//! A plain binary form for what is sealed: fixed widths, big-endian, texts after their length.

/// Puts values behind one another.
#[derive(Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn byte(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(super) fn bytes(&mut self, value: &[u8]) {
        self.0.extend_from_slice(value);
    }

    pub(super) fn int(&mut self, value: i64) {
        self.0.extend(value.to_be_bytes());
    }

    /// A text of at most 255 bytes; what is longer is cut, and nothing here is.
    pub(super) fn text(&mut self, value: &str) {
        let length = u8::try_from(value.len()).unwrap_or(u8::MAX);
        self.byte(length);
        self.0.extend(value.bytes().take(usize::from(length)));
    }

    pub(super) fn done(self) -> Vec<u8> {
        self.0
    }
}

/// Takes values off the front.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn int(&mut self) -> Option<i64> {
        self.array().map(i64::from_be_bytes)
    }

    pub(super) fn text(&mut self) -> Option<String> {
        let length = usize::from(self.byte()?);
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).ok()
    }

    /// Everything that is left.
    pub(super) fn rest(self) -> &'a [u8] {
        self.0
    }
}
