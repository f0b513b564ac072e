"""The house rules: rule files in, verdicts with reasons out.

    model      what a rule is: selections, `when`, actions, tests, bounds
    load       a folder of files → rules, and the errors of those that are wrong, each with its place: `rule_doc` reads one
               document with `checks`, `check_facts`, `items`, `whens`, `actions`, `trials`; `yaml_nodes` is all that knows YAML;
               `vocabulary` has the keys, `sayings` every sentence about a mistake; `lists` and `house` the folder's other files
    write      changes to a document's text that leave the rest as it is
    examples   the tests of a rule, run
    jsonschema what editors know of the language
    fold       texts as they are compared: case, marks, look-alikes, and the way back to the original
    engine     many rules over many texts at once; never one over another's time
    judge      engine and facts together: verdicts
    corpus     all stored texts in files that can be scanned at once; `backtest` tries a rule on them
    automod    AutoModerator's configuration → rules
    guidelines what members are told

Nothing here knows a database or a platform: texts and answers about messages come in as arguments.
"""
