//! What operators stand between: literals, names, calls and parentheses.

use super::{
    Fault, MAX_LIST_ELEMENTS,
    check::{Type, Typed},
    lexer::Kind,
    moment,
    parse::Parser,
    program::Literal,
    value::Search,
};
use crate::domain::features::shown;

impl Parser<'_> {
    /// A value, and the functions that are called on it.
    pub(super) fn member(&mut self, negative: bool) -> Result<Typed, Fault> {
        let mut value = self.primary(negative)?;
        while self.eat(".") {
            let at = self.at();
            let function = self.name("the name of a function")?;
            let how = match function.as_str() {
                "size" => None,
                "startsWith" => Some(Search::StartsWith),
                "endsWith" => Some(Search::EndsWith),
                "contains" => Some(Search::Contains),
                other => {
                    let rule = "expected size, startsWith, endsWith or contains";
                    return Err(Fault::new(at, format!("{} is no function of a value: {rule}", shown(other))));
                }
            };
            value.require(Type::Text, &format!("left of .{function}"))?;
            self.require("(")?;
            value = match how {
                None => self.code.size(value, value.at)?,
                Some(how) => {
                    let part = self.expression()?;
                    self.code.search(value, how, part)?
                }
            };
            self.require(")")?;
        }
        Ok(value)
    }

    fn primary(&mut self, negative: bool) -> Result<Typed, Fault> {
        let at = self.at();
        if let Some((literal, of)) = self.plain_literal(negative)? {
            return self.code.literal(literal, of, at);
        }
        if self.eat("(") {
            let value = self.expression()?;
            self.require(")")?;
            return Ok(Typed { of: value.of, at });
        }
        let name = self.name("a name, a literal or '('")?;
        if self.eat("(") {
            let value = self.call(&name, at)?;
            self.require(")")?;
            return Ok(value);
        }
        let field = self.second_name(&name, at)?;
        if self.is_sign(0, "(") {
            return Err(Fault::new(at, format!("{} is no value: expected one to call a function on", shown(&name))));
        }
        self.code.load(&name, &field, at)
    }

    /// What follows the point of `group.name`, the group being read.
    fn second_name(&mut self, group: &str, at: usize) -> Result<String, Fault> {
        if !self.eat(".") {
            let rule = "expected a name of two parts, such as event.scene or f.card_count_1h";
            return Err(Fault::new(at, format!("{} is there alone: {rule}", shown(group))));
        }
        self.name("a name")
    }

    /// The arguments of a function.
    fn call(&mut self, function: &str, at: usize) -> Result<Typed, Fault> {
        match function {
            "has" => {
                let at = self.at();
                let group = self.name("a name such as f.card_count_1h")?;
                let field = self.second_name(&group, at)?;
                self.code.has(&group, &field, at)
            }
            "size" => {
                let text = self.expression()?;
                self.code.size(text, at)
            }
            "int" | "double" => {
                let value = self.expression()?;
                self.code.convert(value, if function == "int" { Type::Int } else { Type::Double }, at)
            }
            "duration" => self.moment(moment::duration, Type::Duration, at),
            "timestamp" => self.moment(moment::timestamp, Type::Time, at),
            other => {
                let rule = "expected has, size, int, double, duration or timestamp";
                Err(Fault::new(at, format!("the function {} is unknown: {rule}", shown(other))))
            }
        }
    }

    /// A time or a duration, which must be written out.
    fn moment(&mut self, read: fn(&str) -> Result<i64, &'static str>, of: Type, at: usize) -> Result<Typed, Fault> {
        let Kind::Text(text) = self.peek() else { return Err(self.unexpected("a string that is written out")) };
        let micros =
            read(text).map_err(|rule| Fault::new(self.at(), format!("the string is no such thing: {rule}")))?;
        self.next += 1;
        self.code.literal(Literal::Int(micros), of, at)
    }

    /// The elements of a list, the bracket before them being read.
    pub(super) fn literals(&mut self) -> Result<(Vec<Literal>, Type), Fault> {
        let mut literals: Vec<Literal> = Vec::new();
        let mut all = None;
        loop {
            let at = self.at();
            if literals.len() >= MAX_LIST_ELEMENTS {
                return Err(Fault::new(at, format!("the list has more than {MAX_LIST_ELEMENTS} elements")));
            }
            let negative = self.eat("-");
            let (literal, of) = self.plain_literal(negative)?.ok_or_else(|| self.unexpected("a literal"))?;
            Typed { of, at }.require(*all.get_or_insert(of), "the element")?;
            literals.push(literal);
            let more = self.eat(",");
            if self.eat("]") {
                return Ok((literals, of));
            }
            if !more {
                return Err(self.unexpected("',' or ']'"));
            }
        }
    }

    /// A number, a text, `true` or `false`, if there is one.
    pub(super) fn plain_literal(&mut self, negative: bool) -> Result<Option<(Literal, Type)>, Fault> {
        let literal = match self.peek() {
            Kind::Int(size) => {
                let (size, sign) = (i128::from(*size), if negative { -1 } else { 1 });
                let number = i64::try_from(sign * size);
                (Literal::Int(number.map_err(|_| Fault::new(self.at(), "the number does not fit 64 bits"))?), Type::Int)
            }
            Kind::Double(size) => (Literal::Double(if negative { -size } else { *size }), Type::Double),
            Kind::Text(text) if !negative => (Literal::Text(text.as_str().into()), Type::Text),
            Kind::Name(name) if !negative && name == "true" => (Literal::Bool(true), Type::Bool),
            Kind::Name(name) if !negative && name == "false" => (Literal::Bool(false), Type::Bool),
            _ => return Ok(None),
        };
        self.next += 1;
        Ok(Some(literal))
    }
}
