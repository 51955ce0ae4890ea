"""The template as CloudFormation gets it, with a user's parameters: translated by SAM's own translator, then with its
parameters, conditions and lists filled in as CloudFormation documents them. Resources are named by their logical ids.

Run by the Python of target/sam-venv, where the translator is: translate.py TEMPLATE < PARAMETERS > RESOURCES, all JSON."""

import json
import re
import sys

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform

PSEUDO = {
    "AWS::AccountId": "111122223333",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-central-1",
    "AWS::StackName": "tidegate",
    "AWS::URLSuffix": "amazonaws.com",
}
# What `!Ref AWS::NoValue` leaves out.
NOTHING = object()


class Stack:
    def __init__(self, template: dict, parameters: dict):
        self.template = template
        self.values = dict(PSEUDO)
        for name, parameter in template["Parameters"].items():
            value = str(parameters.get(name, parameter.get("Default")))
            self.values[name] = value.split(",") if parameter["Type"] == "CommaDelimitedList" else value

    def resources(self) -> dict:
        there = lambda it: "Condition" not in it or self.condition(it["Condition"])
        return {name: self.fill(it) for name, it in self.template["Resources"].items() if there(it)}

    def outputs(self) -> dict:
        return {name: self.fill(it["Value"]) for name, it in self.template["Outputs"].items()}

    def condition(self, name: str) -> bool:
        return self.fill(self.template["Conditions"][name])

    def fill(self, value):
        if isinstance(value, list):
            return [it for it in map(self.fill, value) if it is not NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (name, argument), = value.items()
            function = getattr(self, name.removeprefix("Fn::").lower() + "_of", None)
            if function and (name.startswith("Fn::") or name in ("Ref", "Condition")):
                return function(argument)
        filled = {key: self.fill(it) for key, it in value.items()}
        return {key: it for key, it in filled.items() if it is not NOTHING}

    def ref_of(self, name):
        return NOTHING if name == "AWS::NoValue" else self.values.get(name, name)

    def condition_of(self, name):
        return self.condition(name) if isinstance(name, str) and name in self.template["Conditions"] else {"Condition": self.fill(name)}

    def if_of(self, argument):
        condition, yes, no = argument
        return self.fill(yes if self.condition(condition) else no)

    def equals_of(self, argument):
        one, other = self.fill(argument)
        return one == other

    def not_of(self, argument):
        return not self.fill(argument)[0]

    def and_of(self, argument):
        return all(self.fill(argument))

    def or_of(self, argument):
        return any(self.fill(argument))

    def join_of(self, argument):
        separator, parts = self.fill(argument)
        return separator.join(parts)

    def split_of(self, argument):
        separator, text = self.fill(argument)
        return text.split(separator)

    def getatt_of(self, argument):
        return argument if isinstance(argument, str) else ".".join(argument)

    def sub_of(self, argument):
        text, own = argument if isinstance(argument, list) else (argument, {})
        values = {**self.values, **self.fill(own)}
        return re.sub(r"\$\{([^}]+)\}", lambda name: str(values.get(name[1], name[1])), text)


class NoManagedPolicies(ManagedPolicyLoader):
    """The template names none by its short name; AWS is not asked."""

    def __init__(self):
        pass

    def load(self):
        return {}


def main() -> None:
    template = yaml_parse(open(sys.argv[1]).read())
    for resource in template["Resources"].values():
        for key in ("CodeUri", "ContentUri"):
            if key in resource.get("Properties", {}):
                resource["Properties"][key] = "s3://bucket/key"
    parameters = json.load(sys.stdin)
    stack = Stack(transform(template, {}, NoManagedPolicies()), parameters)
    json.dump({"resources": stack.resources(), "outputs": stack.outputs()}, sys.stdout)


main()
