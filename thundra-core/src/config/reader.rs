//! Reading variables into plain data, with a problem for each invalid value.

use std::fs::{self, File};
use std::io::{self, Read};
use std::time::Duration;

use super::duration::duration;
use super::size::size;
use super::{ConfigProblem, Levels, Variable};
use crate::Env;
use crate::percent::percent_decode;
use crate::redact::mask::MaskKeys;

/// The limit of a file's size. The bundles of authorities in operating systems take 300 KiB.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// The limit of a path. A longer value is no path.
const MAX_PATH_BYTES: usize = 512;

/// Reads the variables of an environment.
///
/// Every method returns `None` for an unset variable and for an invalid value. [`finish`](Self::finish) returns a
/// problem for each invalid value. Words are compared without regard to case, and items of lists are trimmed.
///
/// A program reads its variables once, so each method is one function behind a thin generic one, and not a copy for
/// each variable.
#[doc(hidden)]
#[derive(Debug)]
pub struct Reader<'a> {
    env: &'a Env,
    problems: Vec<ConfigProblem>,
}

impl<'a> Reader<'a> {
    /// Returns a reader of an environment.
    pub fn new(env: &'a Env) -> Self {
        Reader { env, problems: Vec::new() }
    }

    /// Returns the problems of all variables read so far.
    pub fn finish(self) -> Vec<ConfigProblem> {
        self.problems
    }

    /// Returns the environment.
    pub fn env(&self) -> &'a Env {
        self.env
    }

    /// Reads any text.
    #[inline(never)]
    pub fn text(&mut self, variable: &Variable) -> Option<String> {
        if self.env.is_not_unicode(variable.name) {
            self.problem(ConfigProblem::not_unicode(variable));
        }
        self.env.get(variable.name)
    }

    /// Reads a word, and returns the meaning of the word.
    pub fn one_of<T: Clone>(&mut self, variable: &Variable, accepted: &[(&str, T)]) -> Option<T> {
        let at = self.word(variable, &mut accepted.iter().map(|(word, _)| *word))?;
        accepted.get(at).map(|(_, meaning)| meaning.clone())
    }

    /// Returns the place of a word in a list.
    #[inline(never)]
    fn word(&mut self, variable: &Variable, mut accepted: &mut dyn Iterator<Item = &str>) -> Option<usize> {
        self.read(variable, |value| Iterator::position(&mut accepted, |word| is_word(value, word)))
    }

    /// Reads a value with [`FromStr`](std::str::FromStr).
    pub fn parsed<T: std::str::FromStr>(&mut self, variable: &Variable) -> Option<T> {
        self.read(variable, |value| value.parse().ok())
    }

    /// Reads a whole number.
    pub fn number<T: TryFrom<u64>>(&mut self, variable: &Variable) -> Option<T> {
        T::try_from(self.whole(variable, &|number| T::try_from(number).is_ok())?).ok()
    }

    #[inline(never)]
    fn whole(&mut self, variable: &Variable, is_valid: &dyn Fn(u64) -> bool) -> Option<u64> {
        self.read(variable, |value| value.parse().ok().filter(|number| is_valid(*number)))
    }

    /// Reads a number from 0 to 1.
    #[inline(never)]
    pub fn ratio(&mut self, variable: &Variable) -> Option<f64> {
        self.read(variable, |value| value.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio)))
    }

    /// Reads a time in milliseconds.
    pub fn milliseconds(&mut self, variable: &Variable) -> Option<Duration> {
        self.number(variable).map(Duration::from_millis)
    }

    /// Reads a time in milliseconds, at least one.
    pub fn milliseconds_over_zero(&mut self, variable: &Variable) -> Option<Duration> {
        self.whole(variable, &|time| time > 0).map(Duration::from_millis)
    }

    /// Reads a time with a unit, such as `500ms`, `1.5s` or `1m`. Zero needs no unit.
    #[inline(never)]
    pub fn duration(&mut self, variable: &Variable) -> Option<Duration> {
        self.read(variable, duration)
    }

    /// Reads a number of bytes, with or without a unit, such as `64KiB`.
    #[inline(never)]
    pub fn size(&mut self, variable: &Variable) -> Option<u64> {
        self.read(variable, size)
    }

    /// Reads a value, and reports an unreadable value.
    fn read<T>(&mut self, variable: &Variable, mut read: impl FnMut(&str) -> Option<T>) -> Option<T> {
        let mut found = None;
        self.take(variable, &mut |value| {
            found = read(value);
            found.is_some()
        });
        found
    }

    /// Hands a value to `take`, and reports a value that `take` refuses.
    #[inline(never)]
    fn take(&mut self, variable: &Variable, take: &mut dyn FnMut(&str) -> bool) {
        if let Some(value) = self.text(variable)
            && !take(&value)
        {
            self.not_accepted(variable, &value);
        }
    }

    /// Reads the items of a list. A list of nothing but separators is invalid.
    #[inline(never)]
    pub fn list(&mut self, variable: &Variable) -> Option<Vec<String>> {
        let value = self.list_text(variable)?;
        Some(items(&value).map(str::to_owned).collect())
    }

    /// Reads the items of a list, each with `item`. All invalid items together are a single problem, and the valid
    /// items are returned. `None` without a valid item.
    pub fn items<T>(&mut self, variable: &Variable, item: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
        let mut taken = Vec::new();
        self.take_items(variable, &mut |text| item(text).map(|item| taken.push(item)).is_some());
        (!taken.is_empty()).then_some(taken)
    }

    /// Hands each item of a list to `take`, and reports the items that `take` refuses.
    #[inline(never)]
    fn take_items(&mut self, variable: &Variable, take: &mut dyn FnMut(&str) -> bool) {
        let Some(value) = self.list_text(variable) else { return };
        let others: Vec<_> = items(&value).filter(|item| !take(item)).collect();
        if !others.is_empty() {
            self.not_accepted(variable, &others.join(","));
        }
    }

    /// Reads names of keys. All invalid items together are a single problem.
    #[inline(never)]
    pub(super) fn keys(&mut self, variable: &Variable) -> Option<MaskKeys> {
        let value = self.list_text(variable)?;
        let (keys, invalid) = MaskKeys::of(items(&value));
        if !invalid.is_empty() {
            self.not_accepted(variable, &invalid.join(","));
        }
        Some(keys)
    }

    /// Reads levels by target. All invalid items together are a single problem.
    #[inline(never)]
    pub fn levels(&mut self, variable: &Variable) -> Option<Levels> {
        let value = self.list_text(variable)?;
        let (levels, invalid) = Levels::of(items(&value));
        if !invalid.is_empty() {
            self.not_accepted(variable, &invalid.join(","));
        }
        (invalid.len() < items(&value).count()).then_some(levels)
    }

    /// Reads `key=value,…`, with values percent-decoded. An invalid pair discards the whole value, as OpenTelemetry
    /// [requires]. The problem does not show the value.
    ///
    /// [requires]: https://opentelemetry.io/docs/specs/otel/resource/sdk/#specifying-resource-information-via-an-environment-variable
    #[inline(never)]
    pub fn pairs(
        &mut self,
        variable: &Variable,
        key: fn(&str) -> Option<String>,
        is_value: fn(&str) -> bool,
    ) -> Option<Vec<(String, String)>> {
        let text = self.list_text(variable)?;
        let pair = |item: &str| {
            let (name, value) = item.split_once('=')?;
            let key = key(name.trim()).filter(|key| !key.is_empty())?;
            Some((key, percent_decode(value.trim()).filter(|value| is_value(value))?))
        };
        let pairs: Option<Vec<_>> = items(&text).map(pair).collect();
        if pairs.is_none() {
            self.problem(ConfigProblem::secret(variable));
        }
        pairs
    }

    /// Reads an HTTP URL. The problem of an invalid value does not show the value.
    #[inline(never)]
    pub fn url(&mut self, variable: &Variable) -> Option<String> {
        let value = self.text(variable)?;
        let rest = ["http://", "https://"].into_iter().find_map(|scheme| {
            let (start, rest) = value.split_at_checked(scheme.len())?;
            start.eq_ignore_ascii_case(scheme).then_some(rest)
        });
        let is_url = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', '?', '#']));
        if !is_url {
            self.problem(ConfigProblem::secret(variable));
        }
        is_url.then_some(value)
    }

    /// Reads the file at the path in the variable, and returns the text. The problem has the reason for an unreadable
    /// file.
    #[inline(never)]
    pub fn file(&mut self, variable: &Variable, is_content: fn(&str) -> bool) -> Option<String> {
        let path = self.text(variable)?;
        // A user may mistake the variable for the content, and write a key into the variable.
        if path.contains(['\n', '\r']) || path.contains("-----BEGIN") || path.len() > MAX_PATH_BYTES {
            self.problem(ConfigProblem::secret(variable));
            return None;
        }
        match read_file(&path) {
            Ok(Some(text)) if is_content(&text) => Some(text),
            Ok(_) => {
                self.not_accepted(variable, &path);
                None
            }
            Err(error) => {
                self.problem(ConfigProblem::unreadable(variable, &path, error.kind()));
                None
            }
        }
    }

    /// Adds the problem of a value without the accepted form.
    #[cold]
    #[inline(never)]
    pub fn not_accepted(&mut self, variable: &Variable, value: &str) {
        self.problem(ConfigProblem::not_accepted(variable.name, value, variable.form));
    }

    #[cold]
    #[inline(never)]
    pub(super) fn problem(&mut self, problem: ConfigProblem) {
        self.problems.push(problem);
    }

    #[inline(never)]
    fn list_text(&mut self, variable: &Variable) -> Option<String> {
        let value = self.text(variable)?;
        if items(&value).next().is_none() {
            self.problem(ConfigProblem::only_separators(variable));
            return None;
        }
        Some(value)
    }
}

/// Reads a file. A longer file breaks off at the limit. `None` for a pipe or a device: opening a pipe waits for a
/// writer, and standard input is for the program to read.
fn read_file(path: &str) -> io::Result<Option<String>> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() && !metadata.is_dir() {
        return Ok(None);
    }
    let mut text = String::new();
    File::open(path)?.take(MAX_FILE_BYTES).read_to_string(&mut text)?;
    Ok(Some(text))
}

fn items(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(|item| !item.is_empty())
}

/// Returns `true` for a word, whatever its case.
#[inline(never)]
pub(super) fn is_word(value: &str, word: &str) -> bool {
    value.eq_ignore_ascii_case(word)
}

/// Returns `true` for a [token] of HTTP, such as the name of a header or of a method.
///
/// [token]: https://www.rfc-editor.org/rfc/rfc9110#name-tokens
#[doc(hidden)]
pub fn is_token(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(legal)
}
