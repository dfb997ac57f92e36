"""Reads what the table generator needs from kernel C: prototypes of helpers, and the functions that choose one for a program.

The choosing functions (`xdp_func_proto` and so on) are plain switch statements; a small interpreter runs them for each
combination of helper, attach type and privilege, which says exactly who may call what.
"""

import re


def strip(text, defined=lambda name: not name.startswith("_")):
    """Without comments; of conditional blocks the branch that a full configuration takes."""
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    text = re.sub(r"//[^\n]*", "", text)
    out, stack = [], []
    for line in text.replace("\\\n", " ").split("\n"):
        word = line.strip()
        if match := re.match(r"#\s*(ifdef|ifndef|if|elif|else|endif)\b\s*(.*)", word):
            what, rest = match.groups()
            if what in ("ifdef", "ifndef"):
                stack.append(defined(rest.split()[0]) == (what == "ifdef"))
            elif what == "if":
                stack.append("defined" in rest or "IS_ENABLED" in rest)
            elif what in ("else", "elif"):
                stack[-1] = not stack[-1]
            else:
                stack.pop()
        elif all(stack) and not word.startswith("#"):
            out.append(line)
    return "\n".join(out)


def prototypes(text):
    """{variable: {field: text}} of every `struct bpf_func_proto` definition."""
    result = {}
    for name, body in re.findall(r"struct bpf_func_proto (\w+)\s*=\s*\{(.*?)\n\};", strip(text), flags=re.S):
        result[name] = {key: " ".join(value.split()) for key, value in re.findall(r"\.(\w+)\s*=\s*([^,]*(?:\([^)]*\))?[^,]*)", body)}
    return result


def choosers(text):
    """{function: body tokens} of every function that takes (enum bpf_func_id, const struct bpf_prog *)."""
    result = {}
    text = strip(text)
    for match in re.finditer(r"\b(\w+)\(enum bpf_func_id \w+,\s*const struct bpf_prog \*\s*\w+\)\s*\{", text):
        depth, at = 1, match.end()
        while depth:
            depth += {"{": 1, "}": -1}.get(text[at], 0)
            at += 1
        result[match.group(1)] = tokens(text[match.end() : at - 1])
    return result


def tokens(text):
    return re.findall(r"\w+|->|==|!=|&&|\|\||<=|>=|\S", text)


class Return(Exception):
    def __init__(self, value):
        self.value = value


class Break(Exception):
    pass


class Machine:
    """Runs a chooser. `facts` gives the values of names (`func_id`, `prog->sleepable`, `capable(CAP_BPF)`)."""

    def __init__(self, functions, builtin):
        self.functions = functions
        self.builtin = builtin
        self.parsed = {}

    def choose(self, function, env):
        if function not in self.parsed:
            self.toks, self.at = self.functions[function], 0
            body = []
            while self.at < len(self.toks):
                body.append(self.statement())
            self.parsed[function] = body
        scope = dict(env)
        try:
            for one in self.parsed[function]:
                self.execute(one, scope, env)
        except Return as result:
            return result.value
        return None

    # Parsing.

    def peek(self, ahead=0):
        return self.toks[self.at + ahead] if self.at + ahead < len(self.toks) else ""

    def take(self, expected=None):
        token = self.peek()
        if expected and token != expected:
            raise SyntaxError(f"{expected} expected, {token} found near {' '.join(self.toks[self.at - 5:self.at + 5])}")
        self.at += 1
        return token

    def statement(self):
        token = self.peek()
        if token == "{":
            self.take()
            body = []
            while self.peek() != "}":
                body.append(self.statement())
            self.take()
            return ("block", body)
        if token == "switch":
            self.take(), self.take("(")
            value = self.expression()
            self.take(")"), self.take("{")
            body = []
            while self.peek() != "}":
                if self.peek() == "case":
                    self.take()
                    body.append(("case", self.take()))
                    self.take(":")
                elif self.peek() == "default":
                    self.take(), self.take(":")
                    body.append(("case", None))
                else:
                    body.append(self.statement())
            self.take()
            return ("switch", value, body)
        if token == "if":
            self.take(), self.take("(")
            test = self.expression()
            self.take(")")
            then = self.statement()
            other = None
            if self.peek() == "else":
                self.take()
                other = self.statement()
            return ("if", test, then, other)
        if token == "return":
            self.take()
            value = self.expression()
            self.take(";")
            return ("return", value)
        if token in ("break", "fallthrough"):
            self.take(), self.take(";")
            return (token,)
        if token in ("const", "struct"):
            while self.peek() != ";":
                self.take()
            self.take()
            return ("block", [])
        left = self.expression()
        if self.peek() == "=":
            self.take()
            value = self.expression()
            self.take(";")
            return ("set", left[1], value)
        self.take(";")
        return ("do", left)

    def expression(self):
        test = self.binary(0)
        if self.peek() != "?":
            return test
        self.take()
        yes = self.expression()
        self.take(":")
        return ("?", test, yes, self.expression())

    LEVELS = (("||",), ("&&",), ("==", "!="), ("<", ">"))

    def binary(self, level):
        if level == len(self.LEVELS):
            return self.unary()
        left = self.binary(level + 1)
        while self.peek() in self.LEVELS[level]:
            operator = self.take()
            left = (operator, left, self.binary(level + 1))
        return left

    def unary(self):
        if self.peek() in ("!", "&"):
            operator = self.take()
            return (operator, self.unary())
        if self.peek() == "(":
            self.take()
            value = self.expression()
            self.take(")")
        else:
            value = ("name", self.take())
        while self.peek() in ("->", ".", "("):
            if self.take() == "(":
                arguments = []
                while self.peek() != ")":
                    if self.peek() == "struct":
                        self.take()
                    arguments.append(self.expression())
                    if self.peek() == ",":
                        self.take()
                self.take()
                value = ("call", value[1], arguments)
            else:
                self.at -= 0
                value = ("name", f"{value[1]}->{self.take()}")
        return value

    # Running.

    def execute(self, node, scope, env):
        kind = node[0]
        if kind == "block":
            for one in node[1]:
                self.execute(one, scope, env)
        elif kind == "switch":
            value, running = self.value(node[1], scope, env), False
            labels = [one[1] for one in node[2] if one[0] == "case"]
            known = any(label is not None and self.constant(label, scope) == value for label in labels)
            try:
                for one in node[2]:
                    if one[0] == "case":
                        if one[1] is None:
                            running = running or not known
                        elif self.constant(one[1], scope) == value:
                            running = True
                    elif running:
                        self.execute(one, scope, env)
            except Break:
                pass
        elif kind == "if":
            if self.value(node[1], scope, env):
                self.execute(node[2], scope, env)
            elif node[3]:
                self.execute(node[3], scope, env)
        elif kind == "return":
            raise Return(self.value(node[1], scope, env))
        elif kind == "break":
            raise Break
        elif kind == "set":
            scope[node[1]] = self.value(node[2], scope, env)
        elif kind == "do":
            self.value(node[1], scope, env)

    def constant(self, name, scope):
        return scope.get(name, name)

    def value(self, node, scope, env):
        kind = node[0]
        if kind == "name":
            return None if node[1] == "NULL" else int(node[1]) if node[1].isdigit() else scope.get(node[1], node[1])
        if kind == "&":
            return "&" + node[1][1] if node[1][0] == "name" else None
        if kind == "!":
            return not self.value(node[1], scope, env)
        if kind == "?":
            return self.value(node[2] if self.value(node[1], scope, env) else node[3], scope, env)
        if kind == "&&":
            return self.value(node[1], scope, env) and self.value(node[2], scope, env)
        if kind == "||":
            return self.value(node[1], scope, env) or self.value(node[2], scope, env)
        if kind in ("==", "!=", "<", ">"):
            left, right = self.value(node[1], scope, env), self.value(node[2], scope, env)
            return {"==": left == right, "!=": left != right, "<": None, ">": None}[kind] if kind in ("==", "!=") else (
                left < right if kind == "<" else left > right)
        if kind == "call":
            if node[1] in self.builtin:
                return self.builtin[node[1]](env, node[2])
            if node[1] in self.functions:
                saved = self.__dict__.get("toks"), self.__dict__.get("at")
                result = self.choose(node[1], env)
                self.toks, self.at = saved
                return result
            raise KeyError(f"call of {node[1]}: say in extract.py what it gives")
        raise ValueError(kind)
