"""Documents of every format, each with secrets in many places."""

import base64
import json
import string

from planted import private_key, random_number, random_text, random_token, web_token
from scene import random_secret


def documents(plants):
    """File names and their texts."""
    return {**yaml(plants), **kubernetes(plants), **as_json(plants), **properties(plants), **toml(plants), **xml(plants),
            **lines(plants), **broken(plants), **out_of_sight(plants)}


def yaml(plants):
    put = plants.put
    pem, bearer = private_key(), random_secret()
    put("YAML bearer header", bearer, f"Bearer {bearer}")
    app = f"""\
# the old password: {put("YAML comment")}
server:
  password: {put("YAML value")}
  passwords: [{put("YAML list, first")}, {put("YAML list, second")}]
  apiKey: "{put("YAML quoted value")}"
  url: mysql://app:{put("YAML address")}@db:3306/shop
  jdbc: jdbc:mysql://db/shop?user=app&password={put("YAML JDBC parameter")}&useSSL=true
  header: "Authorization: Bearer {bearer}"
  数据库密码: {put("YAML Chinese key")}
  note: 数据库密码是{put("YAML Chinese sentence")} 请勿外传
  secret: |
    {put("YAML literal block")}
  embedded: '{{"password": "{put("JSON within YAML")}", "limit": 5}}'
  deploy: {put("YAML token by its shape", "ghp_" + random_text(36))}
  key: |
    {pem.replace(chr(10), chr(10) + "    ")}
secrets:
  {put("YAML key", random_text(6, "0123456789abcdef") + random_text(10, "0123456789abcdef"))}: bob
env:
  - name: DB_PASSWORD
    value: {put("YAML name and value pair")}
  - value: {put("YAML value and name pair")}
    name: API_TOKEN
limit: 5
"""
    plants.put("PEM in YAML", pem.splitlines()[2], pem)
    stream = f"""\
%YAML 1.2
--- # the first token was {put("YAML comment behind the mark of a document")}
spring: {{application: {{name: pay}}}}
---
spring.config.activate.on-profile: prod
spring:
  datasource: {{username: pay, password: '{put("YAML profile, single quotes in a flow map")}'}}
defaults: &defaults
  password: &pw {put("YAML anchor")}
  pool: 5
prod:
  <<: *defaults
  mail: {{password: *pw, secret: !!str {put("YAML tag")}}}
named: &named {{name: DB_PASSWORD}}
valued: &valued {{value: {put("YAML value that a map merges and names")}}}
merged:
- {{<<: *named, value: {put("YAML value beside a merged name")}}}
- {{<<: *valued, name: API_TOKEN}}
folded_secret: >-
  {plants.around("YAML folded block", "one ").replace(" ", chr(10) + "  ", 1)}
double_token: {put("YAML first of two equal keys")}
double_token: {put("YAML second of two equal keys")}
? private_token
: {put("YAML key with a question mark")}
plain_password: {plants.around("YAML value over two lines", "first ").replace(" ", chr(10) + "  ", 1)}
escaped_password: "{(escaped := random_secret())[0]}\\x{ord(escaped[1]):02x}{escaped[2:]}"
args: [serve, --token={put("YAML argument")}]
vault: !vault |
  password={put("YAML block with a tag of its own")}
---
secret:
  nested: {{list: [{{deep: [{put("YAML nested beneath a secret name")}]}}]}}
"""
    put("YAML escapes in quotes", escaped, written=escaped[2:])
    return {"app.yaml": app, "stream.yml": stream}


def kubernetes(plants):
    put = plants.put
    clear = random_secret()
    encoded = base64.b64encode(clear.encode()).decode()
    manifest = f"""\
apiVersion: v1
kind: Secret
metadata: {{name: pay}}
data:
  user: {put("Kubernetes data", clear, encoded, encoded)}
stringData:
  application.properties: |
    {plants.around("Kubernetes stringData", "a=1 b=")}
type: Opaque
---
kind: List
items:
- {{kind: Secret, data: {{x: {put("Kubernetes list")}}}}}
- kind: ConfigMap
  data:
    app.properties: |
      limit=5
      db.password={put("properties within a ConfigMap")}
"""
    template = f"""\
{{{{- if .Values.on }}}}
kind: Secret
data:
  a: {put("Kubernetes template that does not parse")}
limit: 5
{{{{- end }}}}
"""
    return {"secret.yaml": manifest, "template.yaml": template}


def as_json(plants):
    put = plants.put
    pem, odd = private_key(), random_secret() + "\"\\/<&密é"
    document = {
        "db": {"password": put("JSON value"), "pin_token": int(put("JSON number", str(random_number())))},
        "tokens": [put("JSON list"), {"inner": put("JSON list, nested")}],
        "matrix": {"secret": [[[{"a": [put("JSON lists in lists")]}]]]},
        "cache": f"redis://:{put('JSON address')}@cache:6379/0",
        "aws": put("JSON token by its shape", "AKIA" + random_text(16, string.ascii_uppercase + string.digits)),
        "session": put("JSON web token", web_token()),
        "pem": pem,
        "script": f"curl -u admin:{put('JSON command line')} https://host/x",
        "env": [{"name": "DB_PASSWORD", "value": put("JSON name and value pair")}],
        "embedded": json.dumps({"password": put("JSON within JSON"), "limit": 5}),
        "access_tokens": {put("JSON key"): "bob"},
        "odd_password": odd,
        "limit": 5,
    }
    put("PEM in JSON", pem.splitlines()[2], pem)
    put("JSON value with signs", odd, written=json.dumps(odd, ensure_ascii=False)[1:-1])
    escaped = random_secret()
    settings = f"""\
{{
  // old token: {put("JSON line comment")}
  "p\\u0061ssword": "\\u00{ord(escaped[0]):02x}{escaped[1:]}", /* {plants.around("JSON block comment", "password=")} */
  "limit": 5,
}}
"""
    put("JSON escapes", escaped, written=escaped[1:])
    return {"db.json": json.dumps(document, indent=1, ensure_ascii=False) + "\n", "settings.jsonc": settings}


def properties(plants):
    put = plants.put
    split, escaped = random_secret(), random_secret()
    put("properties continued line", split, written=split[9:])
    put("properties escapes", escaped, written=escaped[1:])
    text = f"""\
# password={put("properties comment")}
! 密码：{put("properties comment, Chinese")}
redis.password={put("properties value")}
mail.password : {put("properties value behind a colon")}
ftp.password {put("properties value behind a space")}
aliyun.accessKeySecret = {put("properties value, spaced")}
jwt.s\\u0065cret=\\u00{ord(escaped[0]):02x}{escaped[1:]}
spring.datasource.url=jdbc:postgresql://db/x?password={put("properties JDBC parameter")}
long.secret={split[:9]}\\
    {split[9:]}
redis.timeout.ms=2000
"""
    return {"cache.properties": text}


def toml(plants):
    put = plants.put
    text = f"""\
# old password: {put("TOML comment")}
api_token = "{put("TOML value")}"
"db.password" = '{put("TOML literal")}'
redis.password = "{put("TOML dotted key")}"
mail = {{ user = "a", password = "{put("TOML inline table")}" }}
secrets = ["{put("TOML array")}", true]
url = "amqp://app:{put("TOML address")}@mq/"
master_password = \"\"\"
{plants.around("TOML text of several lines", "one" + chr(10))}\"\"\"
conf = '''
limit=5
db.password={put("TOML literal of several lines")}
'''
[[servers]]
name = "a"
token = "{put("TOML array of tables")}"
[[servers]]
token = "{put("TOML array of tables, second")}"
[tokens]
{put("TOML key")} = "bob"
"""
    return {"service.toml": text}


def xml(plants):
    put = plants.put
    text = f"""\
<?xml version="1.0"?>
<?db password="{put("XML processing instruction")}"?>
<!DOCTYPE config [<!ENTITY pw "{put("XML entity")}">]>
<config><password>{put("XML element")}</password>
<property name="db.password" value="{put("XML attribute beside its name")}"/>
<server port="1" password='{put("XML attribute")}'/>
<secret><![CDATA[{put("XML CDATA")}]]></secret>
<conf><![CDATA[
limit=5
db.password={put("properties within XML CDATA")}
]]></conf>
<jdbc url="jdbc:mysql://db/shop?user=a&amp;password={put("XML JDBC parameter")}&amp;x=1"/>
<property name="passwords"><list><value>{put("XML list")}</value></list></property>
<property><name>api.token</name><value>{put("XML name and value elements")}</value></property>
<key>DBPassword</key><string>{put("XML key and string elements")}</string>
<mail password="&pw;"/>
<!-- token="{put("XML comment")}" --><limit>5</limit></config>
"""
    return {"legacy.xml": text}


def lines(plants):
    put = plants.put
    basic = base64.b64encode(f"admin:{(clear := random_secret())}".encode()).decode()
    put("text basic authorization", clear, basic, basic)
    notes = f"""\
the password was {put("text sentence")} until May
mysql -h db -u root -p{put("text command line")} shop
machine h login bob password {put("text netrc")}
export API_TOKEN='{put("text shell variable")}'
limit 5
"""
    return {
        "notes.txt": notes,
        ".env": f"LIMIT=5\nDB_PASSWORD={put('.env')}\nSMTP_PASS=\"{put('.env quoted')}\"\n",
        "client.ini": f"[client]\nuser = app\npassword = {put('ini')}\n; token = {put('ini comment')}\n",
        "proxy.conf": f"upstream x;\nproxy_set_header Authorization \"Basic {basic}\";\n",
        "redis.conf": f"port 1\nrequirepass {put('directive')}\n",
        "Dockerfile": f"FROM x\nENV API_TOKEN {put('Dockerfile')}\n",
        "init.sql": f"create user 'a'@'%' identified by '{put('SQL in a file')}';\n",
        f"deploy-{put('file name', random_token())}.yaml": "limit: 5\n",
    }


def broken(plants):
    put = plants.put
    return {
        "broken.yaml": f"password: {put('YAML that does not parse')}\nlimit: [1, 2\n"
                       f"url: amqp://a:{put('address in YAML that does not parse')}@mq\nmore: }}\n",
        "broken.json": f'{{"password": "{put("JSON that does not parse")}", "limit": 5, '
                       f'"token": ["{put("list in JSON that does not parse")}"\n',
        "broken.toml": f"[db]\npassword = {put('TOML that does not parse')}\nlimit = 5\n",
        "broken.xml": f"<db password=\"{put('XML that does not parse')}\" port=1 & /><token>{put('element of XML that does not parse')}</token>\n",
    }


def out_of_sight(plants):
    """Files of which the trail keeps a fingerprint alone, as bytes."""
    huge = f"password: {plants.put('file above the limit', shown='nowhere')}\n" + "# " + "x" * (1 << 20) + "\n"
    gbk = f"密码: {plants.put('file in GBK', shown='nowhere')}\n".encode("gbk")
    return {"huge.yaml": huge.encode(), "gbk.yaml": gbk}
