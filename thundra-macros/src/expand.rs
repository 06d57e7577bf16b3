//! The expansion: a program around `main`, a wrapper inside any other function.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{Attribute, Ident, Lifetime, Path, Result, Type, ext::IdentExt, spanned::Spanned, visit_mut::VisitMut};

use crate::{
    attr::Args,
    body::{inner_future, internal, with_body},
    fallback,
    item::{Function, Handler, Input, Program, Records, State, Work},
    params::{self, Param, is_cfg},
    returns::Returns,
};

/// Expands the attribute: from tokens to a model, through the rules, and back to tokens.
pub(crate) fn handler(args: TokenStream, item: &TokenStream) -> TokenStream {
    match syn::parse2(item.clone()) {
        Ok(function) => try_expand(args, &function).unwrap_or_else(|error| fallback::function(&error, &function)),
        Err(error) => fallback::item(&error, item),
    }
}

fn try_expand(args: TokenStream, function: &Function) -> Result<TokenStream> {
    let args: Args = syn::parse2(args)?;
    Ok(match Handler::new(&args, function)? {
        Handler::Program(program) => expand_program(&args.thundra_aws, &program),
        Handler::InPlace(function, returns) => expand_in_place(&args.thundra_aws, function, &returns),
    })
}

/// Expands `main` to a `main` that contains and starts the unchanged function.
fn expand_program(thundra_aws: &Path, program: &Program<'_>) -> TokenStream {
    let Function { attrs, vis, sig, brace, inner_attrs, body } = program.function;
    let main = &sig.ident;
    // `pub` and `cfg` belong on the outer item, seen by the rest of the crate. All else belongs on the user's function.
    let (outer, attrs): (Vec<&Attribute>, Vec<_>) = attrs.iter().partition(|attr| is_cfg(attr));
    let function = with_body(quote! { #(#attrs)* #sig }, *brace, quote! { #(#inner_attrs)* #body });

    let concurrent = if program.concurrent { "_concurrent" } else { "" };
    let shutdown = program.shutdown.then(|| quote! { #thundra_aws::__private::export_at_shutdown(); });
    let telemetry = match program.telemetry {
        Some(path) => quote! { #path },
        None => quote! { #thundra_aws::__private::Telemetry::default },
    };
    let start = match &program.work {
        Work::App => {
            // At the type of the result, where the compiler then explains why the type is no service.
            let responses = if program.streaming { "streamed" } else { "buffered" };
            let start = format_ident!("main{concurrent}_{responses}", span = at(program.output));
            let made = internal("made");
            quote! {
                #start(
                    #telemetry,
                    async {
                        let #made = #main().await;
                        #thundra_aws::__private::made(&#made).thundra_made(#made)
                    },
                )
            }
        }
        Work::Handler { input, state: None } => {
            let start = format_ident!("main{concurrent}");
            let service = service(thundra_aws, program, input, None);
            quote! { #start(#telemetry, #service) }
        }
        Work::Handler { input, state: Some(State { init, ty }) } => {
            let start = format_ident!("main{concurrent}_with_state");
            let state = internal("state");
            let ty = without_lifetimes(ty);
            let service = service(thundra_aws, program, input, Some(&state));
            quote! { #start(#telemetry, #init, |#state: ::std::sync::Arc<#ty>| #service) }
        }
    };
    quote! {
        #(#outer)*
        #vis fn #main() -> ::std::process::ExitCode {
            #function
            #shutdown
            #thundra_aws::__private::#start
        }
    }
}

/// Returns the service of Lambda's events that calls `main`. The type of the argument of `main` selects the service.
fn service(thundra_aws: &Path, program: &Program<'_>, input: &Input<'_>, state: Option<&Ident>) -> TokenStream {
    let main = &program.function.sig.ident;
    let (event, error) = (internal("event"), internal("error"));
    let argument = state.map(|state| quote! { , &*#state });
    let (ty, call) = match input {
        Input::Event(ty) => (without_lifetimes(ty).into_token_stream(), quote! { #main(#event #argument) }),
        // The function is called for each record of the event.
        Input::Record(Records { ty, event: of }) => {
            let record = internal("record");
            let of = of.map_or_else(|| quote! { #thundra_aws::__private::Unnamed }, |of| quote! { #of });
            let call = quote! {
                #thundra_aws::__private::records::<#ty, #of>()
                    .thundra_each(#event.payload, |#record| #main(#record #argument))
            };
            (quote! { #thundra_aws::__private::LambdaEvent<_> }, call)
        }
    };
    let kind = if program.streaming { "streamed_input" } else { "input" };
    let (kind, input) = (internal(kind), internal("input"));
    // At the type of the result, where the compiler then explains why the type is none of a handler.
    let (answer, with_sources) =
        (Ident::new("answer", at(program.output)), Ident::new("with_sources", at(program.output)));
    let handler = quote! {
        async move {
            #thundra_aws::__private::#with_sources(#input.#answer(#call).await, |#error| {
                #thundra_aws::__private::error(#error).thundra_sources()
            })
        }
    };
    // Each invocation has a handle of the state.
    let handle = state.map(|state| quote! { let #state = ::std::sync::Arc::clone(&#state); });
    quote! {
        {
            let #input = #thundra_aws::__private::#kind::<#ty>();
            #input.service(move |#event| {
                #handle
                #handler
            })
        }
    }
}

/// Expands any other function: the signature stays the same except for the patterns, and the body becomes a block.
fn expand_in_place(thundra_aws: &Path, function: &Function, returns: &Returns) -> TokenStream {
    let Function { attrs, vis, sig, brace, inner_attrs, .. } = function;
    let (context, result) = (internal("__thundra_context"), internal("__thundra_result"));
    let name = sig.ident.unraw().to_string();

    let mut sig = sig.clone();
    let params = params::take(&mut sig);
    let contexts = params.iter().map(|param| {
        let (cfgs, name) = (&param.cfgs, &param.name);
        quote! { #(#cfgs)* #thundra_aws::__private::argument(&#name).thundra_context() }
    });
    let bindings = params.iter().map(Param::binding);
    let whole_self = sig.receiver().filter(|receiver| receiver.reference.is_none()).map(|receiver| {
        let this = &receiver.self_token;
        quote! { let _ = &#this; } // captures `self` and not the fields that the body names
    });
    let bindings = quote! { #whole_self #(#bindings)* };
    let (before, future) = inner_future(thundra_aws, function, returns, bindings);
    let report = match returns.output() {
        Some(Type::Never(_)) => TokenStream::new(), // has nothing to report
        _ => quote! {
            #thundra_aws::__private::report(|| #thundra_aws::__private::returned(&#result).thundra_error());
        },
    };
    // The context is cloned before the first await, and the result is borrowed after the last await, so the future
    // needs no `Sync` bound.
    let wrapped = quote! {
        #thundra_aws::__private::in_place(#name, #context, async move {
            let #result = #future.await;
            #report
            #result
        })
        .await
    };
    // Other attributes recognise a future in the form `Box::pin(async move { … })`.
    let wrapped = match returns {
        Returns::Async(_) => wrapped,
        Returns::Future { boxed: false, .. } => quote! { async move { #wrapped } },
        Returns::Future { boxed: true, .. } => quote! { ::std::boxed::Box::pin(async move { #wrapped }) },
    };
    let wrapper = quote! {
        #(#inner_attrs)*
        let #context = #thundra_aws::__private::first_context([#(#contexts),*]);
        #before
        #wrapped
    };
    with_body(quote! { #(#attrs)* #vis #sig }, *brace, wrapper)
}

/// Returns the place of a type, for names invisible to the user's code.
fn at(ty: &Type) -> Span {
    Span::mixed_site().located_at(ty.span())
}

/// Returns the type with `'_` in place of the lifetimes declared by the user's function.
fn without_lifetimes(ty: &Type) -> Type {
    struct Erase;

    impl VisitMut for Erase {
        fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
            if lifetime.ident != "static" {
                *lifetime = Lifetime::new("'_", lifetime.span());
            }
        }
    }

    let mut ty = ty.clone();
    Erase.visit_type_mut(&mut ty);
    ty
}
