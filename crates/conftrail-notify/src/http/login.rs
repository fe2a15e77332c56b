//! The `Authorization` header.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use conftrail_core::ports::DeliveryError;
use conftrail_engine::channels::HttpConfig;
use reqwest::header::HeaderValue;

use super::{Kept, retry};

/// How we make ourselves known.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    form: Form,
    secret: Kept,
    key: &'static str,
}

#[derive(Clone, Debug)]
enum Form {
    Scheme(String),
    Basic { username: String },
}

impl Login {
    /// Returns the login that an entry gives; one that gives none has none.
    pub(crate) fn of(http: &HttpConfig) -> Option<Self> {
        if let Some(given) = &http.authorization {
            let secret = Kept::of(given.credentials.as_ref(), given.credentials_file.as_ref())?;
            let form = Form::Scheme(given.scheme.trim().to_owned());
            return Some(Self { form, secret, key: "http_config.authorization.credentials_file" });
        }
        if let Some(given) = &http.basic_auth {
            let secret = Kept::of(given.password.as_ref(), given.password_file.as_ref())?;
            let form = Form::Basic { username: given.username.clone() };
            return Some(Self { form, secret, key: "http_config.basic_auth.password_file" });
        }
        let secret = Kept::of(None, http.bearer_token_file.as_ref())?;
        let form = Form::Scheme("Bearer".to_owned());
        Some(Self { form, secret, key: "http_config.bearer_token_file" })
    }

    /// Makes the header; what it holds is never printed.
    pub(crate) async fn header(&self) -> Result<HeaderValue, DeliveryError> {
        let secret = self.secret.read(self.key).await?;
        let text = match &self.form {
            Form::Scheme(scheme) => format!("{scheme} {}", secret.expose()),
            Form::Basic { username } => {
                format!("Basic {}", STANDARD.encode(format!("{username}:{}", secret.expose())))
            }
        };
        let mut header = HeaderValue::from_str(&text)
            .map_err(|_| retry(format!("{}: holds what no header can hold", self.key)))?;
        header.set_sensitive(true);
        Ok(header)
    }
}
