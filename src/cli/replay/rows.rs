//! The rows of a CSV file of events, one at a time.

use std::{collections::HashMap, io::Read};

use csv::{Reader, StringRecord};

use super::mapping::{Columns, Mapping, TimeFormat};
use crate::{
    cli::Failure,
    domain::{
        fraud::{EntityKind, Scene},
        ids::RequestId,
        money::Money,
        time::Timestamp,
    },
};

/// The latest time that is taken, in seconds since 1970: the end of the year 9999.
const MAX_SECONDS: i64 = 253_402_300_799;
/// An hour, in microseconds.
const HOUR_US: i64 = 3_600_000_000;

/// One event of a file, checked as far as it can be without a server.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The partner's id of the event.
    pub request_id: RequestId,
    /// What the customer is doing.
    pub scene: Scene,
    /// When.
    pub occurred: Timestamp,
    /// Minutes east of UTC there.
    pub utc_offset_minutes: Option<i32>,
    /// The money at stake.
    pub amount: Option<Money>,
    /// Who and what takes part, as the file writes it, in the order of [`EntityKind::ALL`].
    pub entities: Vec<(EntityKind, String)>,
    /// Whether it was a fraud; nothing when the file does not tell.
    pub fraud: Option<bool>,
    /// How it was a fraud; may be empty.
    pub pattern: String,
    /// How long after the event this was known, in microseconds, when the file tells.
    pub known_after_us: Option<i64>,
}

/// Reads rows, one at a time; each failure names the line.
pub struct Rows<R> {
    reader: Reader<R>,
    mapping: Mapping,
    places: Places,
    record: StringRecord,
    failed: bool,
}

/// Where the columns stand.
#[derive(Debug, Default)]
struct Places {
    request_id: Option<usize>,
    scene: Option<usize>,
    event_time: Option<usize>,
    utc_offset_minutes: Option<usize>,
    amount_minor: Option<usize>,
    amount: Option<usize>,
    currency: Option<usize>,
    entities: Vec<(EntityKind, usize)>,
    label: Option<usize>,
    pattern: Option<usize>,
    known_after_hours: Option<usize>,
}

impl<R: Read> Rows<R> {
    /// Begins to read: the first line names the columns.
    ///
    /// # Errors
    /// One line, when it cannot be read, or lacks a column of the mapping.
    pub fn new(from: R, mapping: Mapping) -> Result<Self, Failure> {
        let mut reader = Reader::from_reader(from);
        let header: HashMap<String, usize> =
            reader.headers()?.iter().enumerate().map(|(at, name)| (name.trim().to_owned(), at)).collect();
        let places = Places::of(&mapping.columns, &header)?;
        Ok(Self { reader, mapping, places, record: StringRecord::new(), failed: false })
    }

    fn row(&self) -> Result<Row, String> {
        let (places, constants) = (&self.places, &self.mapping.constants);
        let field = |place: Option<usize>| {
            let text = place.and_then(|at| self.record.get(at)).map(str::trim);
            text.filter(|text| !text.is_empty())
        };
        let line = self.record.position().map_or(0, csv::Position::line);
        let id = field(places.request_id).map_or_else(|| format!("row-{line}"), ToOwned::to_owned);
        let time = field(places.event_time).ok_or("the time is missing")?;
        let offset = field(places.utc_offset_minutes).map(|text| text.parse().map_err(|_| "the offset is no number"));
        let minor = match (field(places.amount_minor), field(places.amount)) {
            (Some(text), _) => Some(text.parse().map_err(|_| "the amount is no whole number".to_owned())?),
            (None, Some(text)) => Some(decimal(text, constants.decimals).ok_or("the amount is no such decimal number")?),
            (None, None) => None,
        };
        let currency = field(places.currency).unwrap_or(&constants.currency);
        let amount = minor.map(|minor| Money::not_negative(currency, minor)).transpose();
        let entities = places.entities.iter().filter_map(|(kind, at)| Some((*kind, field(Some(*at))?.to_owned())));
        let label = field(places.label).unwrap_or_default();
        let says = |texts: &[String]| texts.iter().any(|text| text == label);
        let labels = &self.mapping.labels;
        let known = field(places.known_after_hours).map(|text| decimal(text, 0).ok_or("the hours are no whole number"));
        Ok(Row {
            request_id: RequestId::parse(&id).map_err(|rule| format!("the id {rule}"))?,
            scene: Scene::parse(field(places.scene).unwrap_or(&constants.scene))
                .map_err(|rule| format!("the scene {rule}"))?,
            occurred: Timestamp::from_micros(time_us(time, self.mapping.time.format)?),
            utc_offset_minutes: offset.transpose()?.or(constants.utc_offset_minutes),
            amount: amount.map_err(|wrong| {
                wrong.iter().map(|(name, rule)| format!("{name} {rule}")).collect::<Vec<_>>().join("; ")
            })?,
            entities: entities.collect(),
            fraud: if says(&labels.fraud) { Some(true) } else { says(&labels.genuine).then_some(false) },
            pattern: field(places.pattern).unwrap_or_default().to_owned(),
            known_after_us: known.transpose()?.and_then(|hours| hours.checked_mul(HOUR_US)),
        })
    }
}

impl<R: Read> Iterator for Rows<R> {
    type Item = Result<Row, Failure>;

    /// After a failure there is nothing more.
    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let read = match self.reader.read_record(&mut self.record) {
            Ok(false) => return None,
            Ok(true) => self.row().map_err(|what| {
                let line = self.record.position().map_or(0, csv::Position::line);
                Failure::new(format!("line {line}: {what}"))
            }),
            Err(error) => Err(Failure::from(error)),
        };
        self.failed = read.is_err();
        Some(read)
    }
}

impl Places {
    fn of(columns: &Columns, header: &HashMap<String, usize>) -> Result<Self, Failure> {
        let find = |name: &str| {
            let place = header.get(name).copied();
            place.ok_or_else(|| Failure::new(format!("the file has no column {name:?}")))
        };
        let place = |name: &Option<String>| name.as_deref().map(find).transpose();
        let kinds = [
            (EntityKind::Account, &columns.account),
            (EntityKind::Card, &columns.card),
            (EntityKind::Device, &columns.device),
            (EntityKind::Ip, &columns.ip),
            (EntityKind::Phone, &columns.phone),
            (EntityKind::Email, &columns.email),
            (EntityKind::Address, &columns.address),
            (EntityKind::Merchant, &columns.merchant),
            (EntityKind::Terminal, &columns.terminal),
            (EntityKind::Beneficiary, &columns.beneficiary),
        ];
        let mut entities = Vec::new();
        for (kind, name) in kinds {
            if let Some(at) = place(name)? {
                entities.push((kind, at));
            }
        }
        Ok(Self {
            request_id: place(&columns.request_id)?,
            scene: place(&columns.scene)?,
            event_time: Some(find(&columns.event_time)?),
            utc_offset_minutes: place(&columns.utc_offset_minutes)?,
            amount_minor: place(&columns.amount_minor)?,
            amount: place(&columns.amount)?,
            currency: place(&columns.currency)?,
            entities,
            label: place(&columns.label)?,
            pattern: place(&columns.pattern)?,
            known_after_hours: place(&columns.known_after_hours)?,
        })
    }
}

/// A time in microseconds since 1970.
fn time_us(text: &str, format: TimeFormat) -> Result<i64, String> {
    match format {
        TimeFormat::Rfc3339 => {
            let time: Result<jiff::Timestamp, _> = text.parse();
            time.map(jiff::Timestamp::as_microsecond).map_err(|_| "the time is not RFC 3339".to_owned())
        }
        TimeFormat::EpochSeconds => decimal(text, 6)
            .filter(|micros| micros.unsigned_abs() / 1_000_000 <= MAX_SECONDS.unsigned_abs())
            .ok_or_else(|| "the time is not in seconds since 1970".to_owned()),
    }
}

/// A decimal number times ten to the `places`, exactly; nothing when it has more places (but zeros), or is none.
fn decimal(text: &str, places: u32) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    if digits.is_empty() || !digits.bytes().chain(part.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let places = usize::try_from(places).ok()?;
    let part = part.trim_end_matches('0');
    if part.len() > places {
        return None;
    }
    format!("{whole}{part:0<places$}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(mapping: &str, file: &str) -> Result<Vec<Row>, String> {
        let mapping = Mapping::parse(mapping).unwrap();
        Rows::new(file.as_bytes(), mapping).and_then(Iterator::collect).map_err(|failure| failure.to_string())
    }

    const CARDS: &str = "[columns]\nevent_time = \"when\"\namount = \"paid\"\ncard = \"who\"\nterminal = \"where\"\n\
                         label = \"bad\"\n[time]\nformat = \"epoch-seconds\"\n[labels]\nfraud = [\"1\"]\ngenuine = [\"0\"]";

    #[test]
    fn a_strangers_file_becomes_events() {
        let file = "bad,when,who,where,paid,other\n0,1767225600.25,596,3156,57.1,x\n1,1767225601,4961,,81,y\n?,0,7,8,,z\n";
        let rows = rows(CARDS, file).unwrap();
        assert_eq!(rows[0].request_id.as_str(), "row-2");
        assert_eq!((rows[0].scene.clone(), rows[0].occurred.micros()), (Scene::Payment, 1_767_225_600_250_000));
        assert_eq!(rows[0].amount, Some(Money { currency_code: "EUR".to_owned(), amount_minor: 5_710 }));
        let card = |number: &str| (EntityKind::Card, number.to_owned());
        assert_eq!(rows[0].entities, [card("596"), (EntityKind::Terminal, "3156".to_owned())]);
        // An empty field is none.
        assert_eq!(rows[1].entities, [card("4961")]);
        assert_eq!(rows.iter().map(|row| row.fraud).collect::<Vec<_>>(), [Some(false), Some(true), None]);
        assert_eq!((rows[2].amount.clone(), rows[2].utc_offset_minutes), (None, None));
    }

    #[test]
    fn what_is_wrong_is_named_by_its_line_and_ends_the_reading() {
        let wrong = |line: &str| rows(CARDS, &format!("bad,when,who,where,paid\n0,1,a,b,1\n{line}\n0,1,a,b,1\n")).unwrap_err();
        assert_eq!(wrong("0,,a,b,1"), "line 3: the time is missing");
        assert_eq!(wrong("0,noon,a,b,1"), "line 3: the time is not in seconds since 1970");
        assert_eq!(wrong("0,1,a,b,1.005"), "line 3: the amount is no such decimal number");
        assert!(wrong("0,1,a,b,-1").contains("line 3: amount_minor must be"), "{}", wrong("0,1,a,b,-1"));
        assert!(wrong("0,1,a").contains("line"), "{}", wrong("0,1,a"));
        assert!(rows(CARDS, "when,who\n").unwrap_err().contains("no column"));
        let mut reading = Rows::new(&b"bad,when,who,where,paid\n0,x,a,b,1\n0,1,a,b,1\n"[..], Mapping::parse(CARDS).unwrap()).unwrap();
        assert!(reading.next().is_some_and(|row| row.is_err()));
        assert!(reading.next().is_none());
    }

    #[test]
    fn decimal_numbers_are_exact() {
        assert_eq!(decimal("57.16", 2), Some(5_716));
        assert_eq!(decimal("57", 2), Some(5_700));
        assert_eq!(decimal("57.100", 1), Some(571));
        assert_eq!(decimal("-0.5", 2), Some(-50));
        assert_eq!(decimal("0", 0), Some(0));
        for wrong in ["", ".", "-", "1e3", "1.234", "1.2.3", "+1", "99999999999999999999"] {
            assert_eq!(decimal(wrong, 2), None, "{wrong}");
        }
    }

    #[test]
    fn times_are_read_in_both_formats() {
        assert_eq!(time_us("2026-01-01T08:00:00.000250+08:00", TimeFormat::Rfc3339), Ok(1_767_225_600_000_250));
        assert_eq!(time_us("1767225600.00025", TimeFormat::EpochSeconds), Ok(1_767_225_600_000_250));
        assert!(time_us("253402300800", TimeFormat::EpochSeconds).is_err());
        assert!(time_us("2026-01-01", TimeFormat::Rfc3339).is_err());
    }
}
