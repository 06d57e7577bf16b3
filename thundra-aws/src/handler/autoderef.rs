//! Questions of `#[handler]` about the types in the user's signature, answered by method lookup.
//!
//! An alias hides `LambdaEvent` from a macro. The compiler has to find the type instead, by [autoderef specialisation].
//! Method lookup tries the inherent methods of a value if the bounds of the methods hold, then the methods of the
//! `Deref` target, and of each further target. A [`Rung`] dereferences to the rung below. The [`Ground`] is a reference
//! to the value and has the method for any type. In a generic function a bound holds if the bounds of the function
//! imply the bound, so the lookup always compiles.
//!
//! The names of the methods will not collide with traits in the user's scope.
//!
//! [autoderef specialisation]: https://lukaskalbertodt.github.io/2019/12/05/generalized-autoref-based-specialization.html

use std::any::type_name;
use std::error::Error;
use std::fmt::{Debug, Display};
use std::ops::Deref;

use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use thundra_core::exception::{Exception, UNNAMED, as_error, short_type_name, sources};
use thundra_core::formatted;

/// Returns the rungs on which `thundra_context` looks for the context of an argument.
pub fn argument<T>(argument: &T) -> Rung<Ground<'_, T>> {
    Rung(Ground(argument))
}

/// The context of an argument of the handler, and the type of the argument.
#[derive(Debug)]
pub struct Argument {
    context: Option<Context>,
    type_name: &'static str,
}

/// Returns the first context among the arguments of the handler, or the types of all arguments if none has a context.
pub fn first_context<const N: usize>(arguments: [Argument; N]) -> Result<Context, [&'static str; N]> {
    let types = arguments.each_ref().map(|argument| argument.type_name);
    arguments.into_iter().find_map(|argument| argument.context).ok_or(types)
}

/// Returns the rungs on which `thundra_error` looks for the error in a returned value.
pub fn returned<R>(returned: &R) -> ByDiagnostic<'_, R> {
    Rung(Rung(Rung(Rung(Rung(Rung(Ground(returned)))))))
}

/// Returns the rungs on which `thundra_sources` looks for the sources of an error.
pub fn error<E>(error: &E) -> Rung<Rung<Ground<'_, E>>> {
    Rung(Rung(Ground(error)))
}

/// A type of arguments with the context of the invocation.
pub trait HasContext {
    /// Returns the context, if the runtime made the value.
    fn lambda_context(&self) -> Option<&Context>;
}

impl HasContext for Context {
    fn lambda_context(&self) -> Option<&Context> {
        Some(self)
    }
}

impl<T> HasContext for LambdaEvent<T> {
    fn lambda_context(&self) -> Option<&Context> {
        Some(&self.context)
    }
}

/// For any body: axum replaces the body and keeps the extensions, where the context is.
#[cfg(feature = "http")]
impl<B> HasContext for lambda_http::http::Request<B> {
    fn lambda_context(&self) -> Option<&Context> {
        lambda_http::RequestExt::lambda_context_ref(self)
    }
}

impl<T: HasContext + ?Sized> HasContext for &T {
    fn lambda_context(&self) -> Option<&Context> {
        T::lambda_context(self)
    }
}

impl<T: HasContext + ?Sized> HasContext for &mut T {
    fn lambda_context(&self) -> Option<&Context> {
        T::lambda_context(self)
    }
}

/// A value with methods tried before the methods of the value below.
#[derive(Debug)]
pub struct Rung<Below>(Below);

/// The last value in the lookup, for any type.
#[derive(Debug)]
pub struct Ground<'a, T>(&'a T);

type ByDiagnostic<'a, R> = Rung<ByReport<'a, R>>;
type ByReport<'a, R> = Rung<ByError<'a, R>>;
type ByError<'a, R> = Rung<ByDisplay<'a, R>>;
type ByDisplay<'a, R> = Rung<ByDebug<'a, R>>;
type ByDebug<'a, R> = Rung<ByType<'a, R>>;
type ByType<'a, R> = Rung<Ground<'a, R>>;

impl<Below> Deref for Rung<Below> {
    type Target = Below;

    fn deref(&self) -> &Below {
        &self.0
    }
}

impl<T: HasContext> Rung<Ground<'_, T>> {
    /// Returns a clone of the context, because a borrow of the argument would live across an await.
    pub fn thundra_context(&self) -> Argument {
        Argument { context: self.0.0.lambda_context().cloned(), type_name: type_name::<T>() }
    }
}

impl<T> ByDiagnostic<'_, Result<T, Diagnostic>> {
    /// Returns the type and the message of the diagnostic.
    pub fn thundra_error(&self) -> Option<Exception> {
        self.error(|error| Exception::new(error.error_type.clone(), &*error.error_message))
    }
}

impl<T, E: AsRef<dyn Error + Send + Sync>> ByReport<'_, Result<T, E>> {
    /// Returns the error with the sources: a boxed error, or an error of `anyhow` or `eyre`.
    pub fn thundra_error(&self) -> Option<Exception> {
        self.error(|error| {
            let name = error_type::<E>();
            Exception::of_static(error.as_ref()).with_type((name != UNNAMED).then_some(name))
        })
    }
}

impl<T, E: Error> ByError<'_, Result<T, E>> {
    /// Returns the error with the sources.
    pub fn thundra_error(&self) -> Option<Exception> {
        self.error(|error| Exception::of(error).with_type(Some(error_type::<E>())))
    }
}

impl<T, E: Display> ByDisplay<'_, Result<T, E>> {
    /// Returns the error with the alternate `Display` text, because the text may list the sources.
    pub fn thundra_error(&self) -> Option<Exception> {
        self.error(|error| Exception::new(error_type::<E>(), formatted(|| format!("{error:#}"))))
    }
}

impl<T, E: Debug> ByDebug<'_, Result<T, E>> {
    /// Returns the error with the `Debug` text.
    pub fn thundra_error(&self) -> Option<Exception> {
        self.error(|error| Exception::new(error_type::<E>(), formatted(|| format!("{error:?}"))))
    }
}

impl<T, E> ByType<'_, Result<T, E>> {
    /// Returns the type of the error. The error has no text.
    pub fn thundra_error(&self) -> Option<Exception> {
        self.error(|_| Exception::new(error_type::<E>(), ""))
    }
}

impl<E: AsRef<dyn Error + Send + Sync>> Rung<Rung<Ground<'_, E>>> {
    /// Returns the messages of the sources: of a boxed error, or of an error of `anyhow` or `eyre`.
    pub fn thundra_sources(&self) -> Vec<String> {
        messages(self.0.0.0.as_ref())
    }
}

impl<E: Error> Rung<Ground<'_, E>> {
    /// Returns the messages of the sources.
    pub fn thundra_sources(&self) -> Vec<String> {
        messages(self.0.0)
    }
}

impl<E: 'static> Ground<'_, E> {
    /// Returns the messages of the sources of another box. An error of another kind has none.
    pub fn thundra_sources(&self) -> Vec<String> {
        as_error(self.0).map(messages).unwrap_or_default()
    }
}

impl<T> Ground<'_, T> {
    /// Returns no context.
    pub fn thundra_context(&self) -> Argument {
        Argument { context: None, type_name: type_name::<T>() }
    }

    /// Returns no error.
    pub fn thundra_error(&self) -> Option<Exception> {
        None
    }
}

impl<T, E> Ground<'_, Result<T, E>> {
    fn error(&self, describe: impl FnOnce(&E) -> Exception) -> Option<Exception> {
        self.0.as_ref().err().map(describe)
    }
}

fn messages<'a>(error: &'a (dyn Error + 'a)) -> Vec<String> {
    sources(error).map(ToString::to_string).collect()
}

fn error_type<E>() -> &'static str {
    short_type_name(type_name::<E>())
}

#[cfg(test)]
mod tests {
    use super::*;

    type Aliased = LambdaEvent<String>;

    fn context() -> Context {
        let mut context = Context::default();
        context.request_id = "request-1".to_owned();
        context
    }

    fn event() -> Aliased {
        LambdaEvent::new("payload".to_owned(), context())
    }

    fn id(argument: Argument) -> Option<String> {
        argument.context.map(|context| context.request_id)
    }

    fn error(error_type: &'static str, message: &str) -> Option<Exception> {
        Some(Exception::new(error_type, message))
    }

    #[test]
    fn an_event_has_a_context_however_it_is_passed() {
        let expected = Some("request-1".to_owned());
        let mut event = event();

        assert_eq!(id(argument(&event).thundra_context()), expected);
        assert_eq!(id(argument(&&event).thundra_context()), expected);
        assert_eq!(id(argument(&&mut event).thundra_context()), expected);
        assert_eq!(id(argument(&event.context).thundra_context()), expected);
    }

    #[test]
    fn a_generic_payload_has_a_context() {
        fn generic<T>(event: LambdaEvent<T>) -> Argument {
            argument(&event).thundra_context()
        }
        assert!(id(generic(event())).is_some());
    }

    #[test]
    fn other_arguments_have_none() {
        struct LambdaEvent;

        fn opaque<T>(value: T) -> Argument {
            argument(&value).thundra_context()
        }
        assert!(id(argument(&LambdaEvent).thundra_context()).is_none());
        assert!(id(argument(&3).thundra_context()).is_none());
        assert!(id(opaque(event())).is_none(), "the function does not know that it is an event");
    }

    #[test]
    fn the_first_context_counts() {
        let other = || argument(&3_u8).thundra_context();
        let found = first_context([other(), argument(&event()).thundra_context(), other()]);
        assert_eq!(found.unwrap().request_id, "request-1");
        assert_eq!(first_context([other(), argument(&"x").thundra_context()]).unwrap_err(), ["u8", "&str"]);
        assert!(first_context([]).is_err());
    }

    #[cfg(feature = "http")]
    #[test]
    fn a_request_has_a_context_once_the_runtime_put_it_there() {
        use lambda_http::{Request, RequestExt};

        assert!(id(argument(&Request::default()).thundra_context()).is_none());
        let request = Request::default().with_lambda_context(context());
        assert_eq!(id(argument(&request).thundra_context()), Some("request-1".to_owned()));
    }

    #[test]
    fn whatever_is_no_error_is_ok() {
        assert_eq!(returned(&Ok::<_, String>(1)).thundra_error(), None);
        assert_eq!(returned(&()).thundra_error(), None);
        assert_eq!(returned(&None::<u8>).thundra_error(), None);
    }

    #[test]
    fn an_error_describes_itself_as_well_as_it_can() {
        #[derive(Debug)]
        struct OnlyDebug;
        struct Silent;

        let diagnostic = Diagnostic { error_type: "Late".into(), error_message: "too late".into() };
        let displayed = "x".parse::<u8>();
        let debugged: Result<(), _> = Err(OnlyDebug);
        let silent: Result<(), _> = Err(Silent);

        assert_eq!(returned(&Err::<(), _>(diagnostic)).thundra_error(), error("Late", "too late"));
        assert_eq!(
            returned(&displayed).thundra_error(),
            error("core::num::error::ParseIntError", "invalid digit found in string")
        );
        assert_eq!(returned(&debugged).thundra_error(), error(error_type::<OnlyDebug>(), "OnlyDebug"));
        assert_eq!(returned(&silent).thundra_error(), error(error_type::<Silent>(), ""));
    }

    #[test]
    fn an_error_names_its_sources() {
        #[derive(Debug)]
        struct Declined(std::num::ParseIntError);
        impl Display for Declined {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("declined")
            }
        }
        impl Error for Declined {
            fn source(&self) -> Option<&(dyn Error + 'static)> {
                Some(&self.0)
            }
        }
        const WHY: &str = "declined: invalid digit found in string";
        let declined = || Declined("x".parse::<u8>().unwrap_err());
        let boxed: Result<(), lambda_runtime::Error> = Err(declined().into());
        let own: Result<(), Declined> = Err(declined());
        let reported: Result<(), anyhow::Error> = Err(declined().into());
        for (given, expected) in [
            (returned(&boxed).thundra_error(), error("Declined", WHY)),
            (returned(&own).thundra_error(), error(error_type::<Declined>(), WHY)),
            (returned(&reported).thundra_error(), error("anyhow::Error", WHY)),
        ] {
            let given = given.map(|given| (given.error_type().to_owned(), given.message().to_owned()));
            assert_eq!(given, expected.map(|given| (given.error_type().to_owned(), given.message().to_owned())));
        }
    }

    #[test]
    fn a_generic_error_is_described_by_what_its_bounds_prove() {
        fn display<E: Display + Debug>(error: E) -> Option<Exception> {
            returned(&Err::<(), E>(error)).thundra_error()
        }
        fn debug<E: Debug>(error: E) -> Option<Exception> {
            returned(&Err::<(), E>(error)).thundra_error()
        }
        fn bare<E>(error: E) -> Option<Exception> {
            returned(&Err::<(), E>(error)).thundra_error()
        }
        fn any<R>(value: R) -> Option<Exception> {
            returned(&value).thundra_error()
        }
        assert_eq!(display("late"), error("Error", "late"));
        assert_eq!(debug("late"), error("Error", "\"late\""));
        assert_eq!(bare("late"), error("Error", ""));
        assert_eq!(any(Err::<(), _>("late")), None, "nothing says that it is a `Result`");
    }

    #[test]
    fn error_types_have_few_values() {
        struct Of<T>(std::marker::PhantomData<T>);

        let cases = [
            (error_type::<lambda_runtime::Error>(), "Error"), // Box<dyn Error + Send + Sync>
            (error_type::<Box<dyn std::error::Error>>(), "Error"),
            (error_type::<&'static str>(), "Error"),
            (error_type::<String>(), "Error"),
            (error_type::<std::borrow::Cow<'static, str>>(), "Error"),
            (error_type::<Box<std::fmt::Error>>(), "core::fmt::Error"),
            (error_type::<std::sync::Arc<std::fmt::Error>>(), "core::fmt::Error"),
            (error_type::<&mut std::fmt::Error>(), "core::fmt::Error"),
            (error_type::<serde_json::Error>(), "serde_json::error::Error"),
        ];
        for (actual, expected) in cases {
            assert_eq!(actual, expected);
        }
        assert!(error_type::<Of<u8>>().ends_with("::Of"), "{}", error_type::<Of<u8>>());
    }
}
