//! WeCom as the routing file has it.

use conftrail_core::alerting::Pace;
use conftrail_engine::Routing;
use conftrail_engine::channels::{MessageType, WecomConfig, WecomRobotConfig};
use conftrail_engine::message::Presentation;
use conftrail_engine::routing::{Global, ReceiverConfig, RoutingProblem};
use reqwest::Url;

use super::Receiver;
use super::app::App;
use super::content::Form;
use super::robot::Robot;
use super::token::Tokens;
use crate::http::{Client, Kept, OpenError};
use crate::template::{Custom, described};
use crate::webhook::{of_literal, of_networks, of_template, unique, web_address};

/// Where WeCom's API is.
const API: &str = "https://qyapi.weixin.qq.com/cgi-bin/";
/// Where WeCom's robots are spoken to.
const ROBOTS: &str = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send";
/// The most bytes of an application's message, and of a robot's text.
const MOST: usize = 2048;
/// The most bytes of a robot's markdown.
const MOST_MARKDOWN_OF_ROBOT: usize = 4096;
/// The keys that allow internal addresses.
const ALLOW_APP: &str = "x-allow-internal";
const ALLOW_ROBOT: &str = "allow_internal";

impl Receiver {
    /// Makes the receiver of a routing file's applications and robots; none where it has none. Connects to nothing.
    ///
    /// # Errors
    /// The configuration is wrong or its certificates cannot be read.
    pub fn from_routing(
        receiver: &ReceiverConfig,
        global: &Global,
        presentation: Presentation,
    ) -> Result<Option<Self>, OpenError> {
        let mut apps: Vec<App> = Vec::with_capacity(receiver.wechat_configs.len());
        for config in &receiver.wechat_configs {
            let known: Vec<&str> = apps.iter().map(|app| app.integration.as_str()).collect();
            apps.push(app(config, global, &known)?);
        }
        let mut robots: Vec<Robot> = Vec::with_capacity(receiver.wecom_robot_configs.len());
        for config in &receiver.wecom_robot_configs {
            let known: Vec<&str> = robots.iter().map(|robot| robot.integration.as_str()).collect();
            robots.push(robot(config, &known)?);
        }
        let is_empty = apps.is_empty() && robots.is_empty();
        let name = receiver.name.clone();
        Ok((!is_empty).then_some(Self { name, presentation, apps, robots }))
    }
}

fn app(config: &WecomConfig, global: &Global, known: &[&str]) -> Result<App, OpenError> {
    let invalid = |said: &str| OpenError::Invalid(said.to_owned());
    let own = Kept::of(config.api_secret.as_ref(), config.api_secret_file.as_ref());
    let shared = Kept::of(global.wechat_api_secret.as_ref(), global.wechat_api_secret_file.as_ref());
    let secret = own.or(shared).ok_or_else(|| invalid("x-api_secret_file: set it"))?;
    let corp_id = config.corp_id.clone().or_else(|| global.wechat_api_corp_id.clone());
    let corp_id = corp_id.ok_or_else(|| invalid("corp_id: set it"))?;
    let agent = config.agent_id.as_deref().unwrap_or_default();
    let agent_id = agent.parse().map_err(|_| invalid("agent_id: must be a number"))?;
    let api = api_address(config, global).ok_or_else(|| invalid("api_url: must be an address"))?;
    let client = Client::new(&config.http_config, &config.allow_internal, ALLOW_APP, config.timeout.0)?;
    let name = config.name.as_deref().unwrap_or(agent);
    Ok(App {
        integration: unique(format!("wecom/{name}"), known),
        tokens: Tokens::new(client, api, corp_id, secret),
        agent_id,
        to_user: config.to_user.clone().unwrap_or_default(),
        to_party: config.to_party.clone().unwrap_or_default(),
        to_tag: config.to_tag.clone().unwrap_or_default(),
        form: form(config.message_type, MOST, config.template.as_deref())?,
        pace: Pace { limit: config.rate_limit, overflow: config.overflow },
    })
}

fn robot(config: &WecomRobotConfig, known: &[&str]) -> Result<Robot, OpenError> {
    let invalid = |said: &str| OpenError::Invalid(said.to_owned());
    let key = Kept::of(config.key.as_ref(), config.key_file.as_ref());
    let base = web_address(config.url.as_deref().unwrap_or(ROBOTS));
    let most = match config.message_type {
        MessageType::Text => MOST,
        MessageType::Markdown => MOST_MARKDOWN_OF_ROBOT,
    };
    let of_file = || Some(config.key_file.as_ref()?.file_stem()?.to_string_lossy().into_owned());
    let name = config.name.clone().or_else(of_file).unwrap_or_else(|| "robot".to_owned());
    Ok(Robot {
        integration: unique(format!("wecom-robot/{name}"), known),
        client: Client::new(&config.http_config, &config.allow_internal, ALLOW_ROBOT, config.timeout.0)?,
        base: base.ok_or_else(|| invalid("url: must be an address"))?,
        key: key.ok_or_else(|| invalid("key_file: set it"))?,
        form: form(config.message_type, most, config.template.as_deref())?,
        pace: Pace { limit: config.rate_limit, overflow: config.overflow },
    })
}

fn form(kind: MessageType, most: usize, template: Option<&str>) -> Result<Form, OpenError> {
    let template = template.map(|text| Custom::new(Form::channel(kind), text)).transpose();
    let template =
        template.map_err(|error| OpenError::Invalid(format!("template: {}", described(&error))))?;
    Ok(Form { kind, most, template })
}

/// Returns the API's address. What is joined to it is joined behind its last slash, so it must end with one.
fn api_address(config: &WecomConfig, global: &Global) -> Option<Url> {
    let text = config.api_url.as_deref().or(global.wechat_api_url.as_deref()).unwrap_or(API);
    let slash = if text.ends_with('/') { "" } else { "/" };
    web_address(&format!("{text}{slash}"))
}

/// Returns everything that is wrong with a routing's applications and robots, at the paths of the routing file.
pub fn problems(routing: &Routing) -> Vec<RoutingProblem> {
    let mut found = Vec::new();
    for (index, receiver) in routing.receivers.iter().enumerate() {
        for (number, config) in receiver.wechat_configs.iter().enumerate() {
            let place = format!("receivers[{index}].wechat_configs[{number}]");
            of_app(&place, config, &routing.global, &mut found);
        }
        for (number, config) in receiver.wecom_robot_configs.iter().enumerate() {
            let place = format!("receivers[{index}].x-wecom_robot_configs[{number}]");
            of_robot(&place, config, &mut found);
        }
    }
    found
}

fn of_app(place: &str, config: &WecomConfig, global: &Global, found: &mut Vec<RoutingProblem>) {
    let is_shared = config.api_url.is_none() && global.wechat_api_url.is_some();
    let path = if is_shared { "global.wechat_api_url".to_owned() } else { format!("{place}.api_url") };
    match api_address(config, global) {
        Some(url) => of_literal(&path, &url, &config.allow_internal, ALLOW_APP, found),
        None => {
            let said = format!("must be an address such as {API}");
            found.push(RoutingProblem::new(path, said));
        }
    }
    of_networks(&format!("{place}.{ALLOW_APP}"), &config.allow_internal, found);
    let channel = Form::channel(config.message_type);
    of_template(&format!("{place}.x-template"), config.template.as_deref(), channel, found);
}

fn of_robot(place: &str, config: &WecomRobotConfig, found: &mut Vec<RoutingProblem>) {
    let path = format!("{place}.url");
    match web_address(config.url.as_deref().unwrap_or(ROBOTS)) {
        Some(url) if url.query_pairs().any(|(name, _)| name == "key") => {
            let said =
                "the key is a secret: put it, or the whole address, into a file and name that in key_file";
            found.push(RoutingProblem::new(path, said));
        }
        Some(url) => of_literal(&path, &url, &config.allow_internal, ALLOW_ROBOT, found),
        None => found.push(RoutingProblem::new(path, format!("must be an address such as {ROBOTS}"))),
    }
    of_networks(&format!("{place}.{ALLOW_ROBOT}"), &config.allow_internal, found);
    let channel = Form::channel(config.message_type);
    of_template(&format!("{place}.template"), config.template.as_deref(), channel, found);
}
