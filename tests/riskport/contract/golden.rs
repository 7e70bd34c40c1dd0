//! The contract in one readable listing. What has landed must go on working for clients that were built with it, so a
//! change here is looked at before it is accepted.

use std::{env, fmt::Write, fs, path::PathBuf};

use prost_reflect::{Cardinality, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor};

use crate::support::descriptors::pool;

/// Set to 1 it writes the listing instead of holding the contract against it.
const ACCEPT: &str = "RISKPORT_ACCEPT";

fn golden() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/contract.txt")
}

/// Services with their methods, then messages with their fields, then enums with their values; each sorted by name.
fn listing() -> String {
    let mut text = String::new();
    let mut services: Vec<_> = pool().services().collect();
    services.sort_by_key(|service| service.full_name().to_owned());
    for service in services {
        writeln!(text, "service {}", service.full_name()).unwrap();
        service.methods().for_each(|method| writeln!(text, "  {}", signature(&method)).unwrap());
    }
    let mut messages: Vec<_> = pool().all_messages().filter(|one| ours(one.full_name())).collect();
    messages.sort_by_key(|one| one.full_name().to_owned());
    for message in messages {
        describe(&mut text, &message);
    }
    let mut enums: Vec<_> = pool().all_enums().filter(|one| ours(one.full_name())).collect();
    enums.sort_by_key(|one| one.full_name().to_owned());
    for one in enums {
        values(&mut text, &one);
    }
    text
}

fn ours(name: &str) -> bool {
    name.starts_with("riskport.")
}

fn signature(method: &MethodDescriptor) -> String {
    let stream = |streaming: bool| if streaming { "stream " } else { "" };
    let (input, output) = (method.input(), method.output());
    let (client, server) = (stream(method.is_client_streaming()), stream(method.is_server_streaming()));
    format!("{}({client}{}) returns ({server}{})", method.name(), input.full_name(), output.full_name())
}

fn describe(text: &mut String, message: &MessageDescriptor) {
    writeln!(text, "message {}", message.full_name()).unwrap();
    for field in message.fields() {
        writeln!(text, "  {} {} {}", field.number(), field.name(), type_name(&field)).unwrap();
    }
}

fn type_name(field: &FieldDescriptor) -> String {
    let kind = match field.kind() {
        Kind::Message(message) => message.full_name().to_owned(),
        Kind::Enum(one) => one.full_name().to_owned(),
        scalar => format!("{scalar:?}").to_lowercase(),
    };
    let many = if field.cardinality() == Cardinality::Repeated { "repeated " } else { "" };
    let choice = field.containing_oneof().map_or(String::new(), |oneof| format!(" oneof {}", oneof.name()));
    format!("{many}{kind}{choice}")
}

fn values(text: &mut String, one: &EnumDescriptor) {
    writeln!(text, "enum {}", one.full_name()).unwrap();
    one.values().for_each(|value| writeln!(text, "  {} {}", value.number(), value.name()).unwrap());
}

#[test]
fn the_contract_is_the_one_that_was_accepted() {
    let (now, path) = (listing(), golden());
    if env::var(ACCEPT).as_deref() == Ok("1") {
        fs::write(path, now).unwrap();
        return;
    }
    let accepted = fs::read_to_string(path).unwrap_or_default();
    let gone: Vec<&str> = accepted.lines().filter(|line| !now.lines().any(|one| one == *line)).collect();
    let new: Vec<&str> = now.lines().filter(|line| !accepted.lines().any(|one| one == *line)).collect();
    assert!(
        accepted == now,
        "the contract has changed.\ngone: {gone:#?}\nnew: {new:#?}\nNothing may go or change its number or type once \
         partners have it. If this is meant, accept it with\n    {ACCEPT}=1 cargo test contract::golden"
    );
}
