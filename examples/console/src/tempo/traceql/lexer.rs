//! The words and signs of a query.

/// A word, a sign or a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Sign(&'static str),
    Word(String),
    Text(String),
    Number(f64),
    Duration(f64),
}

/// The signs, the longer ones first.
const SIGNS: [&str; 14] = ["&&", "||", "!=", "=~", "!~", "<=", ">=", "{", "}", "(", ")", "=", "<", ">"];

/// The units of durations, the longer ones first.
const UNITS: [(&str, f64); 8] =
    [("ns", 1.0), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9), ("d", 86_400e9)];

/// Reads a query from left to right.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    rest: &'a str,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(query: &'a str) -> Self {
        Lexer { rest: query }
    }

    /// Returns what is not read yet.
    pub(super) fn rest(&self) -> &'a str {
        self.rest
    }

    pub(super) fn peek(&mut self) -> Result<Option<Token>, String> {
        let rest = self.rest;
        let token = self.next();
        self.rest = rest;
        token
    }

    pub(super) fn next(&mut self) -> Result<Option<Token>, String> {
        self.rest = self.rest.trim_start();
        let Some(first) = self.rest.chars().next() else { return Ok(None) };
        if let Some(sign) = SIGNS.iter().find(|sign| self.rest.starts_with(**sign)) {
            self.skip(sign.len());
            return Ok(Some(Token::Sign(sign)));
        }
        match first {
            '"' | '`' => self.text(first).map(Some),
            '0'..='9' | '-' => self.number().map(Some),
            _ => self.word().map(Some),
        }
    }

    fn skip(&mut self, len: usize) {
        self.rest = self.rest.get(len..).unwrap_or_default();
    }

    fn text(&mut self, quote: char) -> Result<Token, String> {
        let mut text = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((place, char)) = chars.next() {
            match char {
                '\\' if quote == '"' => match chars.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, escaped)) => text.push(escaped),
                    None => break,
                },
                char if char == quote => {
                    self.skip(place + char.len_utf8());
                    return Ok(Token::Text(text));
                }
                char => text.push(char),
            }
        }
        Err("a text without an end".to_owned())
    }

    fn number(&mut self) -> Result<Token, String> {
        let end =
            self.rest.find(|char: char| !(char.is_alphanumeric() || "-.+".contains(char))).unwrap_or(self.rest.len());
        let word = self.rest.get(..end).unwrap_or_default();
        self.skip(end);
        if let Ok(number) = word.parse::<f64>() {
            return Ok(Token::Number(number));
        }
        duration(word).map(Token::Duration).ok_or_else(|| format!("no number or duration: {word:?}"))
    }

    fn word(&mut self) -> Result<Token, String> {
        let mut in_quotes = false;
        let end = self.rest.find(|char: char| {
            if char == '"' {
                in_quotes = !in_quotes;
            }
            !in_quotes && char != '"' && !(char.is_ascii_alphanumeric() || "_-./:@$".contains(char))
        });
        let end = end.unwrap_or(self.rest.len());
        let word = self.rest.get(..end).unwrap_or_default().to_owned();
        if word.is_empty() {
            return Err(format!("an unexpected character: {:?}", self.rest.chars().next().unwrap_or_default()));
        }
        self.skip(end);
        Ok(Token::Word(word))
    }
}

/// Reads a duration of Go, such as `1h30m` or `1.5s`, in nanoseconds.
pub(super) fn duration(text: &str) -> Option<f64> {
    let (mut rest, mut sum) = (text, 0.0);
    while !rest.is_empty() {
        let digits = rest.find(|char: char| !(char.is_ascii_digit() || char == '.'))?;
        let (number, after) = rest.split_at_checked(digits)?;
        let (unit, factor) = UNITS.iter().find(|(unit, _)| after.starts_with(unit))?;
        sum += number.parse::<f64>().ok()? * factor;
        rest = after.get(unit.len()..)?;
    }
    Some(sum).filter(|_| !text.is_empty())
}
