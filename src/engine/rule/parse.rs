//! The grammar: CEL's, without what is not part of conditions.

use super::{
    Fault, MAX_LIST_ELEMENTS, MAX_NESTING, Schema,
    check::{Code, Type, Typed},
    lexer::{Kind, Token},
    moment,
    program::{Literal, Program},
    value::{Arithmetic, Relation, Search},
};
use crate::domain::features::shown;

/// The operators between two sides, those that bind least first; those of one level are taken from left to right.
const LEVELS: [&[&str]; 5] =
    [&["||"], &["&&"], &["==", "!=", "<", "<=", ">", ">=", "in"], &["+", "-"], &["*", "/", "%"]];
/// The words that CEL keeps for itself.
const RESERVED: [&str; 4] = ["true", "false", "null", "in"];

/// Parses and checks the tokens of a condition.
pub(super) fn program(tokens: Vec<Token>, schema: &Schema) -> Result<Program, Fault> {
    let mut parser = Parser { tokens, next: 0, nesting: 0, code: Code::new(schema) };
    let condition = parser.expression()?;
    match parser.peek() {
        Kind::End => parser.code.finish(condition),
        _ => Err(parser.unexpected("an operator or the end")),
    }
}

/// Goes through the tokens once. It calls itself through [`Parser::expression`], which counts how deep, and through
/// [`Parser::binary`], which goes up the levels.
struct Parser<'s> {
    /// The last is the end, which is never left behind.
    tokens: Vec<Token>,
    next: usize,
    nesting: usize,
    code: Code<'s>,
}

impl Parser<'_> {
    fn ahead(&self, by: usize) -> &Kind {
        self.tokens.get(self.next + by).map_or(&Kind::End, |token| &token.kind)
    }

    fn peek(&self) -> &Kind {
        self.ahead(0)
    }

    fn at(&self) -> usize {
        self.tokens.get(self.next).or(self.tokens.last()).map_or(0, |token| token.at)
    }

    fn is_sign(&self, by: usize, sign: &str) -> bool {
        matches!(self.ahead(by), Kind::Sign(there) if *there == sign)
    }

    fn eat(&mut self, sign: &str) -> bool {
        let there = self.is_sign(0, sign);
        self.next += usize::from(there);
        there
    }

    fn expect(&mut self, sign: &str) -> Result<(), Fault> {
        if self.eat(sign) { Ok(()) } else { Err(self.unexpected(&format!("'{sign}'"))) }
    }

    fn unexpected(&self, expected: &str) -> Fault {
        Fault::new(self.at(), format!("{} is there: expected {expected}", self.peek().described()))
    }

    /// A word that CEL does not keep for itself.
    fn name(&mut self, expected: &str) -> Result<String, Fault> {
        match self.peek().clone() {
            Kind::Name(name) if !RESERVED.contains(&name.as_str()) => {
                self.next += 1;
                Ok(name)
            }
            _ => Err(self.unexpected(expected)),
        }
    }

    /// A whole expression: `a ? b : c` and all that binds closer.
    fn expression(&mut self) -> Result<Typed, Fault> {
        if self.nesting > MAX_NESTING {
            return Err(Fault::new(self.at(), format!("more than {MAX_NESTING} levels lie within each other here")));
        }
        self.nesting += 1;
        let at = self.at();
        let mut value = self.binary(0)?;
        if self.eat("?") {
            let choose = self.code.choose(value)?;
            let first = self.binary(0)?;
            self.expect(":")?;
            let jump = self.code.end_of_branch(first.at)?;
            let second = self.expression()?;
            value = self.code.chosen([choose, jump], [first, second], at)?;
        }
        self.nesting -= 1;
        Ok(value)
    }

    /// The operator that comes next, and its level.
    fn operator(&self) -> Option<(&'static str, usize)> {
        let there = match self.peek() {
            Kind::Sign(sign) => sign,
            Kind::Name(name) => name.as_str(),
            _ => return None,
        };
        let of = |(level, signs): (usize, &&[&'static str])| Some((*signs.iter().find(|sign| **sign == there)?, level));
        LEVELS.iter().enumerate().find_map(of)
    }

    /// Operators from a level on, by precedence climbing.
    fn binary(&mut self, lowest: usize) -> Result<Typed, Fault> {
        let mut left = self.unary()?;
        while let Some((sign, level)) = self.operator().filter(|(_, level)| *level >= lowest) {
            self.next += 1;
            left = match sign {
                "in" => self.within(left)?,
                "&&" | "||" => {
                    let place = self.code.left_of(left, sign)?;
                    let right = self.binary(level + 1)?;
                    self.code.join(left, sign, right, place)?
                }
                _ => {
                    let right = self.binary(level + 1)?;
                    self.operation(left, sign, right)?
                }
            };
        }
        Ok(left)
    }

    fn operation(&mut self, left: Typed, sign: &str, right: Typed) -> Result<Typed, Fault> {
        let relation = match sign {
            "==" => Relation::Equal,
            "!=" => Relation::NotEqual,
            "<" => Relation::Less,
            "<=" => Relation::LessOrEqual,
            ">" => Relation::Greater,
            ">=" => Relation::GreaterOrEqual,
            "+" => return self.code.compute(left, sign, right, Arithmetic::Add),
            "-" => return self.code.compute(left, sign, right, Arithmetic::Subtract),
            "*" => return self.code.compute(left, sign, right, Arithmetic::Multiply),
            "/" => return self.code.compute(left, sign, right, Arithmetic::Divide),
            _ => return self.code.compute(left, sign, right, Arithmetic::Remainder),
        };
        self.code.compare(left, sign, right, relation)
    }

    /// What stands on the right of `in`.
    fn within(&mut self, left: Typed) -> Result<Typed, Fault> {
        let at = self.at();
        if self.eat("[") {
            let (literals, of) = self.literals()?;
            return self.code.one_of(left, literals, of, at);
        }
        match self.peek() {
            Kind::Name(name) if name == "lists" => {
                self.next += 1;
                self.expect(".")?;
                let list = self.name("the name of a list")?;
                self.code.listed(left, &list, at)
            }
            _ => Err(self.unexpected("a list such as [1, 2], or lists.name")),
        }
    }

    /// The elements of a list, the bracket before them being read.
    fn literals(&mut self) -> Result<(Vec<Literal>, Type), Fault> {
        let mut literals: Vec<Literal> = Vec::new();
        let mut all = None;
        loop {
            let at = self.at();
            if literals.len() >= MAX_LIST_ELEMENTS {
                return Err(Fault::new(at, format!("the list has more than {MAX_LIST_ELEMENTS} elements")));
            }
            let negative = self.eat("-");
            let (literal, of) = self.plain_literal(negative)?.ok_or_else(|| self.unexpected("a literal"))?;
            Typed { of, at }.expect(*all.get_or_insert(of), "the element")?;
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
    fn plain_literal(&mut self, negative: bool) -> Result<Option<(Literal, Type)>, Fault> {
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

    /// `!` or `-`, any number of times, and what they stand before. One `-` before a number belongs to it.
    fn unary(&mut self) -> Result<Typed, Fault> {
        let at = self.at();
        let sign = if self.is_sign(0, "!") { "!" } else { "-" };
        let mut times = 0;
        while self.eat(sign) {
            times += 1;
        }
        if times == 1 && sign == "-" && matches!(self.peek(), Kind::Int(_) | Kind::Double(_)) {
            return self.member(true);
        }
        let value = self.member(false)?;
        if times == 0 { Ok(value) } else { self.code.negate(value, sign, times, at) }
    }

    /// A value, and the functions that are called on it.
    fn member(&mut self, negative: bool) -> Result<Typed, Fault> {
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
            value.expect(Type::Text, &format!("left of .{function}"))?;
            self.expect("(")?;
            value = match how {
                None => self.code.size(value, value.at)?,
                Some(how) => {
                    let part = self.expression()?;
                    self.code.search(value, how, part)?
                }
            };
            self.expect(")")?;
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
            self.expect(")")?;
            return Ok(Typed { of: value.of, at });
        }
        let name = self.name("a name, a literal or '('")?;
        if self.eat("(") {
            let value = self.call(&name, at)?;
            self.expect(")")?;
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
}
