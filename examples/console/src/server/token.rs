//! The secret in the link.

use std::fmt::{self, Display, Write as _};
use std::io;

/// A random token, made anew for each process.
pub(crate) struct Token(String);

impl Token {
    /// Makes a token.
    ///
    /// # Errors
    ///
    /// If the operating system has no random bytes.
    pub(crate) fn random() -> io::Result<Self> {
        let mut bytes = [0; 24];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        let mut text = String::new();
        for byte in bytes {
            let _ = write!(text, "{byte:02x}");
        }
        Ok(Token(text))
    }

    /// Returns `true` for the same text. The time taken does not depend on the place of the first difference.
    pub(crate) fn is(&self, other: &str) -> bool {
        let differences = self.0.bytes().zip(other.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b));
        self.0.len() == other.len() && differences == 0
    }
}

impl Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Hides the secret.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_equals_only_itself() {
        let token = Token::random().unwrap();
        let text = token.to_string();
        assert_eq!(text.len(), 48);
        assert!(token.is(&text));
        for other in ["", &text[1..], &format!("{text}0"), &Token::random().unwrap().to_string()] {
            assert!(!token.is(other));
        }
        assert_eq!(format!("{token:?}"), "Token");
    }
}
