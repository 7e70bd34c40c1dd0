//! Applicant data stays in (RELIABILITY row 17): canaries go into every text and every number of every call, and are then
//! looked for in all that leaves the process or stays on the disk. What is meant to be in the clear is listed by field in
//! `tests/cases/canaries.toml`, with the reason.

use std::{collections::BTreeSet, fs, path::Path, process::Command, time::Duration};

use prost::Message;
use prost_reflect::{DynamicMessage, Kind, Value};
use riskport::{
    rpc::proto::{
        decision::{DecisionView, GetDecisionRequest},
        fraud::{ChangeListEntriesRequest, CheckListEntryRequest, CreateListRequest, EntityKind, FraudList, ListEntry},
    },
    store::Database,
};
use serde::Deserialize;
use tonic::{Code, transport::Channel};

use super::{collector::Collector, logs, needles, page::get, planted::Planted, serving::Serving};
use crate::{
    inputs::cases,
    support::{descriptors, platform::token, wire},
};

/// A field that may stand in the clear.
#[derive(Deserialize)]
struct Exception {
    /// The end of the field's path, or its beginning and `*`.
    field: String,
    /// Where: `database`, `answers`, `metrics`.
    places: BTreeSet<String>,
    #[allow(dead_code, reason = "it is for whoever reads the list")]
    why: String,
}

#[derive(Deserialize)]
struct Rules {
    /// Fields whose canaries must have been taken, and not only refused, for the looking to mean something.
    taken: Vec<String>,
    clear: Vec<Exception>,
}

impl Exception {
    fn covers(&self, field: &str, place: &str) -> bool {
        let named = match self.field.strip_suffix('*') {
            Some(begin) => field.starts_with(begin),
            None => field == self.field || field.ends_with(&format!(".{}", self.field)),
        };
        named && self.places.contains(place)
    }
}

/// All that was found where it may not be, one line a field and place.
#[derive(Default)]
struct Leaks {
    exceptions: Vec<Exception>,
    found: BTreeSet<String>,
    used: BTreeSet<String>,
}

impl Leaks {
    fn look(&mut self, place: &str, bytes: &[u8], planted: &Planted) {
        for hit in needles::find(bytes, planted) {
            let field = hit.field.unwrap_or_else(|| "?".to_owned());
            let covering: Vec<_> = self.exceptions.iter().filter(|one| one.covers(&field, place)).collect();
            self.used.extend(covering.iter().map(|one| one.field.clone()));
            if covering.is_empty() {
                let seen = self.found.iter().filter(|line| line.starts_with(&format!("{place}: {field} "))).count();
                if seen == 0 {
                    self.found.insert(format!("{place}: {field} ({}): {:?}", hit.form, hit.around));
                }
            }
        }
    }
}

/// A message with an id of its own for the request, also in the item of a stream, so that it is decided anew.
fn with_id(mut message: DynamicMessage, planted_in: &str, id: &str) -> Vec<u8> {
    fn set(message: &mut DynamicMessage, id: &str) {
        if message.set_field_by_name_checked(id).is_none()
            && let Some(Value::Message(inner)) = message.get_field_by_name_mut("request")
        {
            set_in(inner, id);
        }
    }
    fn set_in(message: &mut DynamicMessage, id: &str) {
        message.set_field_by_name_checked(id);
    }
    if !planted_in.ends_with("request_id") {
        set(&mut message, id);
    }
    message.encode_to_vec()
}

trait RequestId {
    fn set_field_by_name_checked(&mut self, id: &str) -> Option<()>;
}

impl RequestId for DynamicMessage {
    fn set_field_by_name_checked(&mut self, id: &str) -> Option<()> {
        let has = prost_reflect::ReflectMessage::descriptor(self).get_field_by_name("request_id")?;
        matches!(has.kind(), Kind::String).then(|| self.set_field(&has, Value::String(id.to_owned())))
    }
}

/// What drives the calls, and what it learned.
struct Walk<'a> {
    serving: &'a Serving,
    channel: Channel,
    partner: String,
    operator: String,
    /// The fields whose canaries were taken.
    taken: BTreeSet<String>,
    /// Everything that was said of calls that were refused.
    refused: Vec<u8>,
    decision: Option<String>,
}

impl<'a> Walk<'a> {
    async fn of(serving: &'a Serving) -> Self {
        let (partner, operator) = (token(&serving.bank, None), token(&serving.operator, None));
        let (taken, refused) = (BTreeSet::new(), Vec::new());
        Self { serving, channel: serving.channel().await, partner, operator, taken, refused, decision: None }
    }

    /// Calls a method, and keeps what it said when it refused.
    async fn call(&mut self, method: &str, field: &str, body: Vec<u8>) {
        let descriptor = descriptors::method(method);
        let operators = ["GrantModel", "RevokeModel"].contains(&method);
        let operators = operators || descriptor.parent_service().name() == "TenantService";
        let bearer = format!("Bearer {}", if operators { &self.operator } else { &self.partner });
        let mut headers = vec![("authorization", bearer.as_str())];
        // It goes on for as long as its client listens.
        headers.extend((method == "WatchModel").then_some(("grpc-timeout", "300m")));
        let path = descriptors::path(&descriptor);
        let reply = wire::send(&self.channel, &path, &headers, body).await;
        let mut refused = reply.code() != Code::Ok;
        for message in &reply.messages {
            let message = DynamicMessage::decode(descriptor.output(), message.as_slice()).unwrap();
            if let Some(name) = message.get_field_by_name("decision_name") {
                self.decision = name.as_str().map(str::to_owned);
            }
            if let Some(error) = message.get_field_by_name("error").filter(|_| message.has_field_by_name("error")) {
                refused = true;
                if let Value::Message(error) = error.as_ref() {
                    self.refused.extend(format!("{method} {field} {error:?}\n").bytes());
                }
            }
        }
        if reply.code() != Code::Ok {
            assert!(!matches!(reply.code(), Code::Internal | Code::Unknown), "{field}: {reply:?}");
            self.keep(field, &reply);
        } else if !refused {
            self.taken.insert(field.to_owned());
        }
    }

    /// Keeps what was said: the sentence, the details, and the headers but for the one that repeats those.
    fn keep(&mut self, what: &str, reply: &wire::Reply) {
        let mut metadata = reply.metadata.clone();
        metadata.remove("grpc-status-details-bin");
        self.refused.extend(format!("{what} {:?} {metadata:?}\n", reply.status.message()).bytes());
        self.refused.extend_from_slice(reply.status.details());
    }

    /// Every method with every canary; last what would take the partner's rights away.
    async fn all(&mut self, planted: &mut Planted) {
        let mut methods = cases::read();
        methods.sort_by_key(|method| descriptors::method(&method.name).parent_service().name() == "TenantService");
        for method in &methods {
            self.call(&method.name, "valid", method.valid()).await;
        }
        self.lists(planted).await;
        for method in &methods {
            for (at, (field, message)) in planted.variants(&method.name, &method.message()).into_iter().enumerate() {
                let bytes = with_id(message, &field, &format!("walk-{}-{at}", method.name));
                self.call(&method.name, &field, method.body(&bytes)).await;
            }
        }
        let name = self.decision.clone().unwrap();
        let read = GetDecisionRequest { name, view: DecisionView::Full as i32 };
        self.call("GetDecision", "read", wire::frame(&read.encode_to_vec())).await;
        self.beside_messages(planted).await;
    }

    /// A list of accounts, with one in it that nobody may see.
    async fn lists(&mut self, planted: &mut Planted) {
        let list = "fraudLists/accounts".to_owned();
        let kind = EntityKind::Account as i32;
        let made = FraudList { name: list.clone(), entity: kind, ..FraudList::default() };
        let made = CreateListRequest { list: Some(made) };
        self.call("CreateList", "a list", wire::frame(&made.encode_to_vec())).await;
        let value = planted.text("list entry");
        let entry = ListEntry { value: value.clone(), ..ListEntry::default() };
        let change = riskport::rpc::proto::fraud::change_list_entries_request::Change::Add(entry);
        let change = ChangeListEntriesRequest { list: list.clone(), change: Some(change) };
        self.call("ChangeListEntries", "list entry", wire::frame(&change.encode_to_vec())).await;
        let check = CheckListEntryRequest { list, value };
        self.call("CheckListEntry", "list entry, asked for", wire::frame(&check.encode_to_vec())).await;
    }

    /// What callers send that is no message: headers, paths, tokens.
    async fn beside_messages(&mut self, planted: &mut Planted) {
        let headers = ["x-note", "user-agent", "traceparent", "grpc-timeout", "grpc-encoding", "cookie"];
        for header in headers {
            let value = planted.text(&format!("header {header}"));
            let bearer = format!("Bearer {}", self.partner);
            let sent = [("authorization", bearer.as_str()), (header, value.as_str())];
            let path = descriptors::path(&descriptors::method("ServerLive"));
            let reply = wire::send(&self.channel, &path, &sent, wire::frame(&[])).await;
            self.keep(header, &reply);
        }
        for token in
            [planted.text("token"), format!("{}.{}.x", planted.text("token's head"), planted.text("token's claims"))]
        {
            let path = descriptors::path(&descriptors::method("ScoreCredit"));
            let sent = [("authorization", format!("Bearer {token}"))];
            let sent: Vec<_> = sent.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let reply = wire::send(&self.channel, &path, &sent, wire::frame(&[])).await;
            self.keep("token", &reply);
        }
        let path = format!("/{}/Method", planted.text("path"));
        let reply = wire::send(&self.channel, &path, &[], wire::frame(&[])).await;
        self.keep("path", &reply);
    }
}

/// Everything that the database's files hold, or that a dump of it does.
fn stored(database: &Database) -> Vec<u8> {
    match database {
        Database::Sqlite(path) => {
            let files = ["", "-wal"].map(|end| format!("{}{end}", path.display()));
            files.iter().filter(|file| Path::new(file).exists()).flat_map(|file| fs::read(file).unwrap()).collect()
        }
        Database::Postgres(url) => {
            let found = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
            let mut programs: Vec<_> = found.map(|version| version.path().join("bin/pg_dump")).collect();
            programs.sort();
            let program = programs.pop().filter(|program| program.is_file()).unwrap_or_else(|| "pg_dump".into());
            // The parameters of the URL are for sqlx.
            let url = url.split('?').next().unwrap();
            let dump = Command::new(program).arg(format!("--dbname={url}")).output().unwrap();
            assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
            dump.stdout
        }
    }
}

on_both!(no_canary_gets_out, async |world| {
    let collector = Collector::start().await;
    let options = ["--log", "trace", "--log-json", "--otlp-endpoint", &collector.endpoint()];
    let serving = Serving::start(world, &options).await;
    let (mut planted, mut walk) = (Planted::default(), Walk::of(&serving).await);
    walk.all(&mut planted).await;
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/canaries.toml")).unwrap();
    let rules: Rules = toml::from_str(&text).unwrap();
    let missed: Vec<_> = rules.taken.iter().filter(|field| !walk.taken.contains(*field)).collect();
    let mut leaks = Leaks { exceptions: rules.clear, ..Leaks::default() };
    println!("{} canaries, of which {} were taken", planted.count(), walk.taken.len());

    leaks.look("answers", &walk.refused, &planted);
    let (_, metrics) = get(walk.serving.metrics, "/metrics").await;
    leaks.look("metrics", metrics.as_bytes(), &planted);
    leaks.look("database", &stored(&world.database), &planted);
    let tokens = [walk.partner.clone(), walk.operator.clone()];
    let taken = std::mem::take(&mut walk.taken);
    drop(walk);
    let (status, log) = serving.stop().await;
    assert!(status.success());
    tokio::time::sleep(Duration::from_millis(50)).await;
    leaks.look("database", &stored(&world.database), &planted);
    logs::lines(&log);
    leaks.look("log", log.as_bytes(), &planted);
    let spans = collector.bytes();
    leaks.look("spans", &spans, &planted);
    for token in tokens {
        let secret = token.rsplit('.').next().unwrap();
        for (place, bytes) in [("log", log.as_bytes()), ("spans", &spans), ("metrics", metrics.as_bytes())] {
            let found = memchr::memmem::find(bytes, secret.as_bytes()).is_some();
            assert!(!found, "a token is in the {place}");
        }
    }
    // The log and the spans are there, and not merely empty.
    assert!(log.contains("a token was refused") && spans.len() > 50_000, "{} bytes of spans\n{log}", spans.len());
    let (used, found) = (&leaks.used, &leaks.found);
    let unused: Vec<_> = leaks.exceptions.iter().map(|one| &one.field).filter(|field| !used.contains(*field)).collect();
    let right = found.is_empty() && unused.is_empty() && missed.is_empty();
    assert!(right, "found: {found:#?}\nunused exceptions: {unused:?}\nnever taken: {missed:?} among {taken:#?}");
});
