//! Tokens recognised by form.

use std::ops::Range;

/// The length of the shortest token recognised by the beginning alone.
pub(super) const MIN_TOKEN: usize = 16;

/// The beginnings of tokens marked by the issuer.
const MARKED: [&str; 25] = [
    "ghp_",
    "gho_",
    "ghs_",
    "ghu_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "npm_",
    "xoxa-",
    "xoxb-",
    "xoxp-",
    "xapp-",
    "sk_live_",
    "rk_live_",
    "sk-",
    "AIza",
    "sk_test_",
    "rk_test_",
    "whsec_",
    "xoxe-",
    "SG.",
    "ya29.",
    "pypi-",
    "dckr_pat_",
    "dop_v1_",
];

/// Returns the token in a name, recognised by the beginning.
pub(super) fn token(name: &str) -> Option<Range<usize>> {
    if name.len() < MIN_TOKEN {
        return None;
    }
    let starts = |mark: &str| {
        let is_start = |at: &usize| name.get(..*at).is_some_and(|before| !before.ends_with(char::is_alphanumeric));
        name.match_indices(mark).map(|(at, _)| at).find(is_start)
    };
    let rest = |at: usize| name.get(at..).unwrap_or("");
    let access_key = ["AKIA", "ASIA"].iter().find_map(|mark| starts(mark)).and_then(|at| {
        let key = rest(at).split(|c: char| !c.is_ascii_alphanumeric()).next()?;
        let legal = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        (key.len() >= MIN_TOKEN && key.bytes().all(legal)).then_some(at..at + key.len())
    });
    let jwt = || {
        let at = starts("eyJ")?;
        let end = at + rest(at).trim_end_matches('.').len();
        (rest(at).matches('.').count() >= 2).then_some(at..end)
    };
    let marked = || {
        let is_long = |at: &usize| rest(*at).len() > MIN_TOKEN && rest(*at).bytes().any(|byte| byte.is_ascii_digit());
        MARKED.iter().find_map(|mark| starts(mark).filter(is_long)).map(|at| at..name.len())
    };
    access_key.or_else(jwt).or_else(marked)
}

/// Returns `true` for one word of both letters and digits.
pub(super) fn is_mixed(word: &str) -> bool {
    let has = |is: fn(&u8) -> bool| word.as_bytes().iter().any(is);
    has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic) && !has(u8::is_ascii_whitespace)
}

/// Returns `true` if a word behind `Bearer` or `Basic` is no word of a sentence.
pub(super) fn looks_secret(word: &str) -> bool {
    let is_ordinary = |rest: &str| {
        rest.bytes().all(|byte| byte.is_ascii_lowercase()) || rest.bytes().all(|byte| byte.is_ascii_uppercase())
    };
    let rest = word.get(1..).unwrap_or("");
    let is_word = word.starts_with(|c: char| c.is_ascii_alphabetic()) && is_ordinary(rest);
    word.len() >= 4 && (!is_word || word.len() > MIN_TOKEN) && !word.contains("=\"") && !word.contains("=\\\"")
}
