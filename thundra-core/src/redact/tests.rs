use super::*;
use crate::testing::assert_linear;

#[test]
fn addresses_keep_no_query_and_no_credentials() {
    for (given, shown, why) in [
        (
            "error sending request for url (http://a.example/x?token=secret)",
            "error sending request for url (http://a.example/x?REDACTED)",
            "reqwest's error",
        ),
        ("GET /x?token=a)b: refused", "GET /x?REDACTED: refused", "a path alone"),
        ("\"https://u:p@a.example/?x\",\n\tnext", "\"https://REDACTED@a.example/?REDACTED\",\n\tnext", "both"),
        ("http://u@a.example", "http://REDACTED@a.example", "a user alone, which may be a token"),
        ("http://a.example/@me", "http://a.example/@me", "no user"),
        ("redis://:pw@cache.internal", "redis://REDACTED@cache.internal", "another scheme"),
        ("http://a.example,http://u:p@b.example", "http://a.example,http://REDACTED@b.example", "a list"),
        ("a,http://u:p@a.example/,redis://:q@b", "a,http://REDACTED@a.example/,redis://REDACTED@b", "a longer list"),
        ("http://u:p,q@a.example", "http://REDACTED@a.example", "a password with the sign of a list"),
        ("http://u:p@q@a.example", "http://REDACTED@a.example", "a password with the sign of a host"),
        ("http://u:p/q?r@a.example/x", "http://REDACTED@a.example/x", "a password with signs of an address"),
        ("http://a.example:8080/u@b", "http://a.example:8080/u@b", "a port"),
        ("https://secret:8080/x", "https://secret:8080/x", "a host whose name is a key"),
        ("https://token:abc@secret:80/x", "https://REDACTED@secret:80/x", "a user whose name is a key"),
        ("é/é?é é", "é/é?REDACTED é", "no ASCII"),
        (
            "next=http%3A%2F%2Fu%3Apw%40a.example%2Fx%3Ftoken%3Dabc",
            "next=http%3A%2F%2FREDACTED%40a.example%2Fx%3FREDACTED",
            "an escaped address",
        ),
        ("http%253A%252F%252Fa%252F%253Fq%253Dabc", "http%253A%252F%252Fa%252F%253FREDACTED", "escaped twice"),
        (r"http:\/\/u:pw@a.example\/x?q=abc", r"http:\/\/REDACTED@a.example\/x?REDACTED", "escaped in JSON"),
        ("a=1\\u0026x?q\\u003dabc", "a=1\\u0026x?REDACTED", "escaped as text of JSON"),
        ("search?q=abc failed", "search?REDACTED failed", "a relative address"),
        ("https://a.example?q=abc", "https://a.example?REDACTED", "no path"),
        ("https://a.example/cb#access_token=abc", "https://a.example/cb#REDACTED", "a fragment that is a query"),
        ("https://a.example/x#part-2", "https://a.example/x#part-2", "a fragment that is none"),
        (r#"{"url":"http://a/?q=abc","code":1}"#, r#"{"url":"http://a/?REDACTED","code":1}"#, "JSON"),
        (r#""{\"url\":\"http://a/?q=abc\",\"n\":1}""#, r#""{\"url\":\"http://a/?REDACTED\",\"n\":1}""#, "its `Debug`"),
        ("'http://a/?q=abc','x'", "'http://a/?REDACTED','x'", "single quotes"),
        (r#"GET http://a/?f={"k":"v"} 404"#, r#"GET http://a/?REDACTED"} 404"#, "quotes in a query"),
        ("<http://a/?q=abc>", "<http://a/?REDACTED>", "brackets"),
        ("admin:s3cr3t@db.internal:5432", "REDACTED@db.internal:5432", "no scheme"),
        ("(admin:s3cr3t@tcp(db:3306)/x)", "(REDACTED@tcp(db:3306)/x)", "a source of MySQL"),
        (
            "mongodb+srv://u:p@a.mongodb.net/db?retryWrites=true",
            "mongodb+srv://REDACTED@a.mongodb.net/db?REDACTED",
            "a connection string",
        ),
        (
            r#"Url { scheme: "http", username: "t0ken", password: Some("pw"), path: "/x", query: Some("q=1"), port: None }"#,
            r#"Url { scheme: "http", username: "REDACTED", password: REDACTED, path: "/x", query: REDACTED, port: None }"#,
            "a parsed one",
        ),
    ] {
        assert_eq!(text(given), shown, "{why}");
    }
}

#[test]
fn pairs_keep_no_secret() {
    for (given, shown, why) in [
        ("login failed: password=hunter", "login failed: password=REDACTED", "a pair"),
        ("password = \"a b\\\" c\", user", "password = \"REDACTED\", user", "a quoted value"),
        ("token: s3cr3t", "token: REDACTED", "a colon"),
        ("token: abc, next", "token: REDACTED, next", "a colon, and a word without a digit"),
        ("API_KEY=a,b;c", "API_KEY=REDACTED;c", "a value with a comma"),
        ("secret=a,user=b", "secret=REDACTED,user=b", "a list"),
        ("API key: abc123", "API key: REDACTED", "a key of two words"),
        ("a=1&client_secret=x&b=2", "a=1&client_secret=REDACTED&b=2", "a form"),
        ("client_secret%3Dx%26b%3D2", "client_secret%3DREDACTED%26b%3D2", "an escaped form"),
        (
            "Server=db;User Id=sa;Password=a b;Encrypt=true",
            "Server=db;User Id=sa;Password=REDACTED;Encrypt=true",
            "a connection string with a space",
        ),
        ("AccountKey=abc==;EndpointSuffix=x", "AccountKey=REDACTED;EndpointSuffix=x", "that of a store"),
        ("host=h password='a b' dbname=d", "host=h password='REDACTED' dbname=d", "that of libpq"),
        (
            r#"Config { user: "u", password: "p\"q", token: Some("t"), keys: 3 }"#,
            r#"Config { user: "u", password: "REDACTED", token: REDACTED, keys: 3 }"#,
            "`Debug`",
        ),
        (
            "Login { password: Password { value: \"x)\" }, n: 1 }",
            "Login { password: REDACTED, n: 1 }",
            "a nested value",
        ),
        ("token: None, secret: null", "token: None, secret: null", "no value"),
        (r#"{"apiKey":"abc","n":1}"#, r#"{"apiKey":"REDACTED","n":1}"#, "JSON"),
        (
            r#"Error { body: "{\"password\": \"abc\", \"n\": 1, \"token\":\"x\"}" }"#,
            r#"Error { body: "{\"password\": \"REDACTED\", \"n\": 1, \"token\":\"REDACTED\"}" }"#,
            "JSON in `Debug`",
        ),
        (r#"[("x-api-key", "abc"), ("a", "b")]"#, r#"[("x-api-key", "REDACTED"), ("a", "b")]"#, "a list of headers"),
        (r#"{"cookie": "a=b; c=d", "a": "b"}"#, r#"{"cookie": "REDACTED", "a": "b"}"#, "a map of headers"),
        ("Cookie: a=b; c=d\r\nHost: x", "Cookie: REDACTED\r\nHost: x", "a header's line"),
        (
            r#""GET /\r\nAuthorization: Bearer abc\r\nHost: x""#,
            r#""GET /\r\nAuthorization: Bearer REDACTED\r\nHost: x""#,
            "its `Debug`",
        ),
        (
            r#""x\nsig=abc\ttoken=abc\rBearer s3cr3t""#,
            r#""x\nsig=REDACTED\ttoken=REDACTED\rBearer REDACTED""#,
            "escapes before keys",
        ),
        (r"C:\token=abc", r"C:\token=REDACTED", "no escape"),
        ("<SecretAccessKey>a/b</SecretAccessKey>", "<SecretAccessKey>REDACTED</SecretAccessKey>", "XML"),
        (
            r#"Err(ApiKey("abc"), Token(\"d\"))"#,
            r#"Err(ApiKey("REDACTED"), Token(\"REDACTED\"))"#,
            "types around a text",
        ),
        ("run --token abc --verbose", "run --token REDACTED --verbose", "a flag"),
        (
            "password 'abc' is short, token \"a1b2c3\" is old",
            "password 'REDACTED' is short, token \"REDACTED\" is old",
            "quotes beside keys",
        ),
        ("secret token 0123456789abcdef", "secret token REDACTED", "a word that is none beside a key"),
        ("IDENTIFIED BY 'abc'", "IDENTIFIED BY 'REDACTED'", "SQL"),
        (
            "Key (email, api_token)=(a@b.example, abc) already exists.",
            "Key (email, api_token)=(REDACTED) already exists.",
            "columns of PostgreSQL",
        ),
        (
            "invalid type: string \"a1b2c3\", expected u32",
            "invalid type: string \"REDACTED\", expected u32",
            "a text that serde quotes",
        ),
        (
            r#"[{"key":"token","value":"abc"},{"key":"token","n":"b"}]"#,
            r#"[{"key":"token","value":"REDACTED"},{"key":"token","n":"b"}]"#,
            "members that are a key and its value",
        ),
        ("{\"password\":\n \"abc\"}", "{\"password\":\n \"REDACTED\"}", "JSON in lines"),
        (
            "invalid value 'abc' for '--token <TOKEN>': no",
            "invalid value 'REDACTED' for '--token <TOKEN>': no",
            "the flag of a command line",
        ),
        (
            "invalid type: found string \"a1b2c3\", expected u16",
            "invalid type: found string \"REDACTED\", expected u16",
            "a text that figment quotes",
        ),
        ("token1=abc, password2: abc1", "token1=REDACTED, password2: REDACTED", "numbered keys"),
        (
            "<p:Password Type=\"t\">a b</p:Password>",
            "<p:Password Type=\"t\">REDACTED</p:Password>",
            "XML with a namespace",
        ),
        (r#"{"credentials":"abc"} creds=abc"#, r#"{"credentials":"REDACTED"} creds=REDACTED"#, "credentials"),
        ("invalid token: ExpiredSignature", "invalid token: ExpiredSignature", "a sentence"),
        ("password: must have 8 characters", "password: must have 8 characters", "another sentence"),
        ("unexpected token `}` at line 3", "unexpected token `}` at line 3", "no pair"),
        ("token::Kind and secret::Store", "token::Kind and secret::Store", "paths"),
        ("max_tokens=4096, token_count: 12", "max_tokens=4096, token_count: 12", "numbers"),
    ] {
        assert_eq!(text(given), shown, "{why}");
    }
}

#[test]
fn tokens_are_known_by_their_form() {
    for (given, shown, why) in [
        ("Authorization: Bearer abc failed", "Authorization: Bearer REDACTED failed", "a header"),
        ("authorization=Basic dXNlcjpwdw==", "authorization=Basic REDACTED", "a header as a pair"),
        ("sent Bearer s3cr3t, got 401", "sent Bearer REDACTED, got 401", "a scheme alone"),
        ("basic dXNlcjpwdw==", "basic REDACTED", "in lower case"),
        (
            "Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/x, Signature=ab\nnext",
            "Authorization: REDACTED\nnext",
            "a signature",
        ),
        ("Basic usage of a bearer token", "Basic usage of a bearer token", "ordinary words"),
        ("Bearer realm=\"api\"", "Bearer realm=\"api\"", "a challenge"),
        ("key AKIAIOSFODNN7EXAMPLE.", "key REDACTED.", "an access key"),
        ("AKIAIOSFODNN7EXAMPLE:abc/def+x, denied", "REDACTED, denied", "an access key with its secret"),
        ("AKIAIOSFODNN7EXAMPLE: denied", "REDACTED: denied", "an access key in a sentence"),
        (r#""Bearer realm=\"api\"""#, r#""Bearer realm=\"api\"""#, "the `Debug` of a challenge"),
        (
            "key: -----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n, private_key: -----BEGIN PRIVATE KEY-----MIIE",
            "key: -----BEGIN PRIVATE KEY-----REDACTED-----END PRIVATE KEY-----\n, private_key: -----BEGIN PRIVATE KEY-----REDACTED",
            "private keys with names",
        ),
        ("key=ASIAIOSFODNN7EXAMPLE/20261126", "key=REDACTED/20261126", "that of a session"),
        (
            "http://a.example/bot123456:AAE0123456789-abcdef/send",
            "http://a.example/bot123456:REDACTED/send",
            "the token of a bot",
        ),
        ("got eyJhbGciOi.eyJzdWIi.c2ln-_x.", "got REDACTED.", "a JWT"),
        ("clone with ghp_0123456789abcdefghij", "clone with REDACTED", "a token with a mark"),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
            "-----BEGIN RSA PRIVATE KEY-----REDACTED-----END RSA PRIVATE KEY-----",
            "a private key",
        ),
    ] {
        assert_eq!(text(given), shown, "{why}");
    }
}

#[test]
fn ordinary_text_is_not_copied() {
    for given in [
        "",
        "no disk",
        "unexpected token: `}`, expected token: Eof",
        "signature: mismatch",
        "unexpected token: Ident(\"a\"), expected token: Some(Comma), found token: `;`",
        "invalid value 'abc' for '--count <COUNT>'",
        "Access denied for user 'root'@'localhost' (using password: YES)",
        "invalid type: string \"abc\", expected u32 at line 1 column 10",
        "unexpected token 'x' in JSON, secret 'prod/db' not found, password hash rounds",
        "<token> expected, found <eof>",
        "Key (id)=(42) already exists.",
        "auth: failed, credentials: not found",
        "/x/token what? yes",
        "image:tag@sha256:0123456789abcdef not found",
        "what? why/not? a@b",
        "connection refused (os error 111)",
        "expected `,` or `}` at line 1 column 14",
        "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: sqs:SendMessage",
        "thread 'main' panicked at src/main.rs:10:5: index out of bounds: the len is 3 but the index is 7",
        "failed to load credentials: no providers in chain provided credentials",
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf not found",
        "git@github.com:org/repo.git, mailto:a@b.example, 10:15",
        "don't say \"it's 5 o'clock\"",
        "http://a.example:8080/x/y and /etc/hosts",
        "Größe überschritten: 10 µs > 5 µs",
    ] {
        assert!(matches!(text(given), Cow::Borrowed(shown) if shown == given), "{given}: {}", text(given));
    }
}

#[test]
fn secret_keys_are_known_in_every_spelling() {
    for key in
        ["Authorization", "x-api-key", "Set-Cookie", "X-Amz-Security-Token", "db_pass", "clientSecret", "password2"]
    {
        assert!(is_secret(key), "{key}");
    }
    for key in ["x-request-id", "query", "content-type", "keyboard", "tokens"] {
        assert!(!is_secret(key), "{key}");
    }
}

/// Texts with a secret.
const FORMS: [&str; 18] = [
    "https://user:{}@a.example/x",
    "https://{}@a.example",
    "https://a.example/x?q={}",
    "x%3A%2F%2Fa.example%2Fx%3Fq%3D{}",
    "user:{}@a.example",
    "password={}",
    "token: {}",
    "Authorization: Bearer {}",
    r#"{"api_key":"{}","n":1}"#,
    r#"Some({ secret: Some("{}") })"#,
    "Server=a;Password={};Encrypt=true",
    "<Password>{}</Password>",
    "token '{}'",
    "Key (token)=({})",
    r#"{"name":"token","value":"{}"}"#,
    "password = \"{}\",",
    r#"Err(Secret("{}"))"#,
    "AKIAIOSFODNN7EXAMPLE:{}",
];

#[test]
fn long_texts_are_read_in_linear_time() {
    for part in [
        "a:",
        "token=(",
        "a://b:c/",
        "?#%25",
        "\"\\",
        ";pwd=a ",
        "a/?",
        "'token': ",
        "-----BEGIN ",
        "-BEGIN ",
        ")=(",
        "(a)=(",
        "<token ",
        "token '",
        "invalid value '",
        "\"token\":\n",
        "\"token\",\"value\":",
        "a:",
    ] {
        let redact = |long: &String| drop(text(long.as_str()).into_owned());
        assert_linear(200_000 / part.len(), |times| part.repeat(times), redact, part);
    }
}

proptest::proptest! {
    #[test]
    fn a_secret_shows_in_no_surroundings(before in "[ -~]{0,16}", after in "[ -~]{0,16}", which in 0..FORMS.len()) {
        let secret = "s3cr3tV4lue";
        let given = format!("{before} {} {after}", FORMS[which].replace("{}", secret));
        proptest::prop_assert!(!text(given.as_str()).contains(secret), "{given}\n{}", text(given.as_str()));
    }

    #[test]
    fn any_text_is_redacted_without_a_panic(given in "[a:/?#@=&%\"'\\\\ é(){},;25430F-]{0,64}") {
        let _ = text(given.as_str()).len();
    }
}
