//! The output beside an error: the unchanged item, so that the error causes no further errors.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Error;

use crate::item::Function;

/// Returns the error, and a parsed function.
pub(crate) fn function(error: &Error, function: &Function) -> TokenStream {
    if !function.is_main() || function.sig.receiver().is_some() {
        return item(error, &function.to_token_stream());
    }
    // As the entry point, an `async fn main` would be another error. The attributes are left out, since a second `main`
    // attribute may be the mistake.
    let nested = Function { attrs: Vec::new(), ..function.clone() };
    let error = error.to_compile_error();
    quote! {
        #error
        #[allow(dead_code, unused_variables)]
        fn main() {
            #nested
        }
    }
}

/// Returns the error, and any other item.
pub(crate) fn item(error: &Error, item: &TokenStream) -> TokenStream {
    let error = error.to_compile_error();
    quote! {
        #error
        #item
    }
}
