//! Looks for canaries in whatever form they may have got somewhere.

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use riskport::vault::hex;

use super::planted::{FRACTION, IP, Planted, SHORT, TEXT, WHOLE};

/// A canary that was found.
#[derive(Debug)]
pub struct Hit {
    /// In which form.
    pub form: String,
    /// The field that it was put into, where the form tells.
    pub field: Option<String>,
    /// What stands around it.
    pub around: String,
}

/// What tells of which field it is.
#[derive(Clone, Copy)]
enum Tell {
    /// Digits behind it, as text or in hexadecimal.
    Digits,
    HexDigits,
    /// Two bytes behind it, or before it.
    After,
    Before,
    /// The decimal number that it begins, less another.
    Decimal(i64),
    /// The fraction that it begins.
    Fraction,
    /// Nothing, or this.
    Nothing(Option<&'static str>),
}

/// Every form that is looked for, with what tells the field.
fn forms() -> Vec<(String, Vec<u8>, Tell)> {
    let mut forms = Vec::new();
    let mut add = |form: &str, bytes: &[u8], tell: Tell| forms.push((form.to_owned(), bytes.to_vec(), tell));
    add("text", TEXT.as_bytes(), Tell::Digits);
    add("text in hex", hex(TEXT.as_bytes()).as_bytes(), Tell::HexDigits);
    add("text in HEX", hex(TEXT.as_bytes()).to_uppercase().as_bytes(), Tell::HexDigits);
    add("the address", IP.as_bytes(), Tell::Nothing(Some("ip")));
    add("the phone", b"138 7719 7744", Tell::Nothing(Some("phone")));
    add("the phone's digits", b"13877197744", Tell::Nothing(Some("phone")));
    add("whole number", &WHOLE.to_string().as_bytes()[..12], Tell::Decimal(WHOLE));
    add("short number", &SHORT.to_string().as_bytes()[..6], Tell::Decimal(SHORT.into()));
    add("fraction", b"13577197.44", Tell::Fraction);
    add("float", b"13577197.0", Tell::Nothing(None));
    #[expect(clippy::cast_precision_loss, reason = "it is exact")]
    let numbers =
        [("whole", WHOLE.cast_unsigned()), ("whole as double", (WHOLE as f64).to_bits()), ("fraction", FRACTION)];
    let address = [0x20, 0x01, 0x0d, 0xb8, 0x77, 0x19, 0x77, 0x44];
    let mut binary = vec![("address".to_owned(), address.to_vec(), Tell::Nothing(Some("ip")))];
    for (name, bits) in numbers {
        binary.push((format!("{name}, big-endian"), bits.to_be_bytes()[..6].to_vec(), Tell::After));
        binary.push((format!("{name}, little-endian"), bits.to_le_bytes()[2..].to_vec(), Tell::Before));
    }
    for (name, bytes, tell) in &binary {
        add(name, bytes, *tell);
        add(&format!("{name}, in hex"), hex(bytes).as_bytes(), Tell::Nothing(None));
    }
    // Base64 has three ways to write bytes, by where they stand; the characters that depend on neighbours are left out.
    let texts = [("text".to_owned(), TEXT.as_bytes().to_vec(), Tell::Digits)];
    for (name, bytes, _) in texts.iter().chain(&binary) {
        for before in 0..3 {
            let encoded = STANDARD_NO_PAD.encode([&vec![0; before], bytes.as_slice()].concat());
            let (from, to) = ((before * 8).div_ceil(6), (before + bytes.len()) * 8 / 6);
            let stable = &encoded[from..to];
            add(&format!("{name}, in base64"), stable.as_bytes(), Tell::Nothing(None));
            let url = stable.replace('+', "-").replace('/', "_");
            if url != stable {
                add(&format!("{name}, in base64 for URLs"), url.as_bytes(), Tell::Nothing(None));
            }
        }
    }
    forms
}

/// Every canary in some bytes.
pub fn find(bytes: &[u8], planted: &Planted) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (form, needle, tell) in forms() {
        for at in memchr::memmem::find_iter(bytes, &needle) {
            let (from, end) = (at.saturating_sub(90), at + needle.len());
            let around = String::from_utf8_lossy(&bytes[from..bytes.len().min(end + 40)]).into_owned();
            let field = field(bytes, at, end, tell, planted);
            hits.push(Hit { form: form.clone(), field, around });
        }
    }
    hits
}

fn field(bytes: &[u8], at: usize, end: usize, tell: Tell, planted: &Planted) -> Option<String> {
    let digits = |bytes: &[u8]| std::str::from_utf8(bytes).ok()?.parse::<usize>().ok();
    let number = match tell {
        Tell::Digits => digits(bytes.get(end..end + 4)?)?,
        Tell::HexDigits => {
            let coded = bytes.get(end..end + 8)?;
            digits(&coded.chunks(2).filter_map(|pair| pair.get(1).copied()).collect::<Vec<_>>())?
        }
        Tell::After => usize::from(u16::from_be_bytes(bytes.get(end..end + 2)?.try_into().ok()?)),
        Tell::Before => usize::from(u16::from_le_bytes(bytes.get(at.checked_sub(2)?..at)?.try_into().ok()?)),
        Tell::Decimal(first) => {
            let rest = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            usize::try_from(i64::try_from(digits(&bytes[at..at + rest])?).ok()? - first).ok()?
        }
        Tell::Fraction => {
            let rest = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
            let fraction: f64 = std::str::from_utf8(&bytes[at..at + rest]).ok()?.parse().ok()?;
            usize::try_from(fraction.to_bits().checked_sub(FRACTION)?).ok()?
        }
        Tell::Nothing(field) => return field.map(str::to_owned),
    };
    planted.field(number).map(str::to_owned)
}

/// The looking finds what it should: else nothing that it does not find would mean anything.
#[test]
fn a_canary_is_found_in_every_form_and_tells_its_field() {
    let mut planted = Planted::default();
    let texts: Vec<String> = (0..12).map(|at| planted.text(&format!("field-{at}"))).collect();
    let of = |bytes: &[u8]| find(bytes, &planted).into_iter().map(|hit| hit.field).collect::<Vec<_>>();
    assert_eq!(of(texts[11].as_bytes()), [Some("field-11".to_owned())]);
    assert_eq!(of(hex(texts[11].as_bytes()).as_bytes()), [Some("field-11".to_owned())]);
    for padding in 0..3 {
        let padded = format!("{}{}", "x".repeat(padding), texts[11]);
        assert_eq!(of(STANDARD_NO_PAD.encode(padded).as_bytes()).len(), 1);
    }
    let fraction = f64::from_bits(FRACTION | 0xb);
    let whole = WHOLE + 11;
    for bytes in [whole.to_be_bytes(), whole.to_le_bytes(), fraction.to_be_bytes(), fraction.to_le_bytes()] {
        assert_eq!(of(&[&[1, 2, 3], bytes.as_slice(), &[4]].concat()), [Some("field-11".to_owned())]);
        assert_eq!(of(hex(&bytes).as_bytes()).len(), 1);
    }
    assert_eq!(of(format!("a {whole} b").as_bytes()), [Some("field-11".to_owned())]);
    assert_eq!(of(format!("{fraction},").as_bytes()), [Some("field-11".to_owned())]);
    assert!(of(b"nothing of the kind: 7719, kanari, 13577.19744").is_empty());
}
