"""Random secrets, and the many places of configuration where people put them.

A place is a name, the secret, and the text that must stand masked in the trail: the secret itself, unless the whole of
what surrounds it is secret too.
"""

import base64
import json
import secrets
import string
from dataclasses import dataclass

from scene import random_secret

LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Place:
    """One planted secret; `masked` is what `conftrail mask hash` is asked for."""

    name: str
    secret: str
    masked: str


class Plants:
    """Hands out secrets and remembers where they went."""

    def __init__(self):
        self.places = []

    def put(self, name, secret=None, masked=None):
        secret = secret or random_secret()
        self.places.append(Place(name, secret, masked or secret))
        return secret


def random_text(length, alphabet=LETTERS):
    return "".join(secrets.choice(alphabet) for _ in range(length))


def private_key():
    """A PEM block; only its shape matters."""
    body = "\n".join(random_text(64, LETTERS + "+/") for _ in range(4))
    return f"-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----"


def web_token():
    part = lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
    return f"{part({'alg': 'HS256'})}.{part({'sub': random_text(9)})}.{random_text(40)}"


def documents(plants):
    """Files of every format, each with secrets in several places."""
    put = plants.put
    pem, pem_in_json = private_key(), private_key()
    bearer = random_secret()
    put("YAML bearer header", bearer, f"Bearer {bearer}")
    yaml = f"""\
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
    {put("YAML block")}
  embedded: '{{"password": "{put("JSON within YAML")}", "limit": 5}}'
  deploy: {put("YAML token by its shape", "ghp_" + random_text(36))}
  key: |
    {pem.replace(chr(10), chr(10) + "    ")}
secrets:
  {put("YAML key", random_text(6, string.hexdigits.lower()[:16]) + random_text(10, "0123456789abcdef"))}: bob
env:
  - name: DB_PASSWORD
    value: {put("YAML name and value pair")}
limit: 5
"""
    # In a block, what is masked has the block's indentation.
    plants.put("PEM in YAML", pem.splitlines()[2], pem.replace("\n", "\n    "))
    document = {
        "db": {"password": put("JSON value"), "pin_token": int(put("JSON number", random_text(1, "123456789") + random_text(11, string.digits)))},
        "tokens": [put("JSON list"), {"inner": put("JSON list, nested")}],
        "cache": f"redis://:{put('JSON address')}@cache:6379/0",
        "aws": put("JSON token by its shape", "AKIA" + random_text(16, string.ascii_uppercase + string.digits)),
        "session": put("JSON web token", web_token()),
        "pem": pem_in_json,
        "script": f"curl -u admin:{put('JSON command line')} https://host/x",
        "limit": 5,
    }
    plants.put("PEM in JSON", pem_in_json.splitlines()[2], pem_in_json)
    properties = f"""\
# password={put("properties comment")}
redis.password={put("properties value")}
aliyun.accessKeySecret = {put("properties value, spaced")}
spring.datasource.url=jdbc:postgresql://db/x?password={put("properties JDBC parameter")}
long.secret={(split := put("properties continued line"))[:9]}\\
    {split[9:]}
redis.timeout.ms=2000
"""
    text = f"""\
the password was {put("text sentence")} until May
mysql -h db -u root -p{put("text command line")} shop
machine h login bob password {put("text netrc")}
export API_TOKEN='{put("text shell variable")}'
limit 5
"""
    broken_yaml = f"password: {put('YAML that does not parse')}\nlimit: [1, 2\nurl: amqp://a:{put('address in YAML that does not parse')}@mq\nmore: }}\n"
    broken_json = f'{{"password": "{put("JSON that does not parse")}", "limit": 5, "token": ["{put("list in JSON that does not parse")}"\n'
    xml = f"""\
<config><password>{put("XML element")}</password>
<property name="db.password" value="{put("XML attribute")}"/>
<!-- token="{put("XML comment")}" --><limit>5</limit></config>
"""
    return {"app.yaml": yaml, "db.json": json.dumps(document, indent=1, ensure_ascii=False) + "\n", "cache.properties": properties,
            "notes.txt": text, "broken.yaml": broken_yaml, "broken.json": broken_json, "legacy.xml": xml}


SCHEMA = """
CREATE DATABASE shop;
CREATE TABLE shop.users (id INT PRIMARY KEY, name VARCHAR(40), password VARCHAR(100), phone VARCHAR(40), note TEXT, doc JSON, secret_blob BLOB);
CREATE TABLE shop.tokens (token VARCHAR(80) PRIMARY KEY, limits INT);
CREATE TABLE shop.pairs (id INT PRIMARY KEY, name VARCHAR(40), value VARCHAR(100));
"""


def statements(plants):
    """SQL with secrets in columns, keys, JSON, comments, literals and definitions."""
    put = plants.put
    blob = put("column of bytes", random_secret(24))
    return [
        f"INSERT INTO shop.users VALUES (1,'bob','{put('column, inserted')}','{put('column listed by the operator', '139' + random_text(8, string.digits))}',"
        f"'see mysql://root:{put('address in a text column')}@db/x','{{\"db\": {{\"password\": \"{put('JSON column')}\"}}, \"limit\": 5}}','{blob}')",
        f"UPDATE shop.users SET password='{put('column and literal, updated')}' WHERE id=1 /*user='alice',ticket='CHG-1'*/",
        f"UPDATE shop.users SET name='b2' WHERE id=1 /* password={put('SQL comment')} */",
        f"UPDATE shop.users SET name='b3' WHERE id=1 /*user='alice',reason='token {put('sqlcommenter value', 'glpat-' + random_text(20))}'*/",
        f"UPDATE shop.users SET note='password: {put('document in a text column')}\\nlimit: 5' WHERE id=1",
        f"UPDATE shop.users SET doc=JSON_SET(doc,'$.db.password','{put('JSON path and literal')}') WHERE id=1",
        f"INSERT INTO shop.tokens VALUES ('{put('key column')}', 5)",
        f"DELETE FROM shop.tokens WHERE token='{plants.places[-1].secret}'",
        f"INSERT INTO shop.pairs VALUES (1,'db.password','{put('pair of name and value columns')}')",
        f"ALTER TABLE shop.pairs ADD COLUMN api_secret VARCHAR(60) DEFAULT '{put('default in DDL')}'",
        f"ALTER TABLE shop.pairs COMMENT 'the password is {put('comment in DDL')}'",
        f"CREATE USER bob@'%' IDENTIFIED WITH 'caching_sha2_password' BY '{put('CREATE USER', None)}'",
    ]
