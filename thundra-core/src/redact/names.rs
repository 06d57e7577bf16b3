//! The names of secret values, in texts and in the keys of fields.

/// The ends of names. Letters and digits count. Case and a number at the end do not.
pub(super) const ENDS: [&str; 35] = [
    "password",
    "passwords",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "secret",
    "secrets",
    "secretkey",
    "secretkeybase",
    "secretstring",
    "secretbinary",
    "token",
    "apikey",
    "apikeys",
    "accesskey",
    "accesskeyid",
    "privatekey",
    "accountkey",
    "signingkey",
    "encryptionkey",
    "masterkey",
    "authkey",
    "credential",
    "signature",
    "jsessionid",
    "phpsessid",
    "connectionstring",
    "jwt",
    "bearer",
    "csrf",
    "xsrf",
    "passwordhash",
    "passwordconfirmation",
    "tokenvalue",
];

/// The last words of names.
pub(super) const LAST_WORDS: [&str; 4] = ["pass", "pw", "sig", "otp"];
