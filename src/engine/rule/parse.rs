//! The grammar: CEL's, without what is not part of conditions.

use super::{
    Fault, MAX_NESTING, Schema,
    check::{Code, Typed},
    lexer::{Kind, Token},
    program::Program,
    value::{Arithmetic, Relation},
};

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
pub(super) struct Parser<'s> {
    /// The last is the end, which is never left behind.
    tokens: Vec<Token>,
    pub(super) next: usize,
    nesting: usize,
    pub(super) code: Code<'s>,
}

impl Parser<'_> {
    fn ahead(&self, by: usize) -> &Kind {
        self.tokens.get(self.next + by).map_or(&Kind::End, |token| &token.kind)
    }

    pub(super) fn peek(&self) -> &Kind {
        self.ahead(0)
    }

    pub(super) fn at(&self) -> usize {
        self.tokens.get(self.next).or(self.tokens.last()).map_or(0, |token| token.at)
    }

    pub(super) fn is_sign(&self, by: usize, sign: &str) -> bool {
        matches!(self.ahead(by), Kind::Sign(there) if *there == sign)
    }

    pub(super) fn eat(&mut self, sign: &str) -> bool {
        let there = self.is_sign(0, sign);
        self.next += usize::from(there);
        there
    }

    pub(super) fn require(&mut self, sign: &str) -> Result<(), Fault> {
        if self.eat(sign) { Ok(()) } else { Err(self.unexpected(&format!("'{sign}'"))) }
    }

    pub(super) fn unexpected(&self, expected: &str) -> Fault {
        Fault::new(self.at(), format!("{} is there: expected {expected}", self.peek().described()))
    }

    /// A word that CEL does not keep for itself.
    pub(super) fn name(&mut self, expected: &str) -> Result<String, Fault> {
        match self.peek().clone() {
            Kind::Name(name) if !RESERVED.contains(&name.as_str()) => {
                self.next += 1;
                Ok(name)
            }
            _ => Err(self.unexpected(expected)),
        }
    }

    /// A whole expression: `a ? b : c` and all that binds closer.
    pub(super) fn expression(&mut self) -> Result<Typed, Fault> {
        if self.nesting > MAX_NESTING {
            return Err(Fault::new(self.at(), format!("more than {MAX_NESTING} levels lie within each other here")));
        }
        self.nesting += 1;
        let at = self.at();
        let mut value = self.binary(0)?;
        if self.eat("?") {
            let choose = self.code.choose(value)?;
            let first = self.binary(0)?;
            self.require(":")?;
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
            "==" => Relation::EQUAL,
            "!=" => Relation::NOT_EQUAL,
            "<" => Relation::LESS,
            "<=" => Relation::LESS_OR_EQUAL,
            ">" => Relation::GREATER,
            ">=" => Relation::GREATER_OR_EQUAL,
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
                self.require(".")?;
                let list = self.name("the name of a list")?;
                self.code.listed(left, &list, at)
            }
            _ => Err(self.unexpected("a list such as [1, 2], or lists.name")),
        }
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
}
