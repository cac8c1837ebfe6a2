"""Every diagnostic code, by range. A code is never reused.

MF0 usage, configuration, files, YAML and JSON syntax; MF1 names; MF2 schema profile;
MF3 workflow graph; MF4 output; MF5 plugins, templates and scenarios; MF6 expressions and data
flow; MF7 time, retry and size budgets; MF8 security and style; MF9 bugs of ours.
Each has a page `docs/diagnostics/<code>.md`; a test holds the two together.
"""

from __future__ import annotations

from magicflow_cli.diagnostics.model import Code, Severity

CODES: dict[str, Code] = {}


def _error(id: str, title: str) -> Code:
    return _register(Code(id, Severity.ERROR, title))


def _warning(id: str, title: str) -> Code:
    return _register(Code(id, Severity.WARNING, title))


def _note(id: str, title: str) -> Code:
    return _register(Code(id, Severity.NOTE, title))


def _register(code: Code) -> Code:
    if code.id in CODES:
        raise ValueError(f"{code.id} is registered twice")
    CODES[code.id] = code
    return code


# MF0: usage, configuration, files, YAML and JSON syntax

# MF00: the command line
MF0001 = _error("MF0001", "The command line is not understood")
MF0003 = _error("MF0003", "A folder cannot be read")
MF0004 = _error("MF0004", "There is no workflow to work on")
MF0005 = _error("MF0005", "The output cannot be written")
MF0006 = _error("MF0006", "There is no such diagnostic code")
MF0007 = _error("MF0007", "One workflow is needed and there are several")
MF0008 = _error("MF0008", "There is no such schema")
MF0010 = _error("MF0010", "The file of --context holds no context")
MF0011 = _error("MF0011", "The project file names a path that does not exist")
MF0012 = _error("MF0012", "The functions of --handlers cannot be used")
MF0013 = _error("MF0013", "The input of a run cannot be used")
MF0014 = _error("MF0014", "The server cannot be started")
MF0015 = _error("MF0015", "There is no scenario to test")
MF0016 = _error("MF0016", "A number on the command line is out of range")
MF0017 = _error("MF0017", "A workflow cannot be simulated")

# MF01: files, limits, and what YAML and JSON share
MF0101 = _error("MF0101", "A file cannot be read")
MF0102 = _error("MF0102", "A file does not exist")
MF0103 = _error("MF0103", "A path is not a regular file")
MF0104 = _error("MF0104", "A file is too large")
MF0105 = _error("MF0105", "A file is not UTF-8")
MF0106 = _error("MF0106", "A character is not allowed in a file")
MF0107 = _error("MF0107", "A file holds no document")
MF0110 = _error("MF0110", "Collections are nested too deeply")
MF0111 = _error("MF0111", "A file holds too many values")
MF0112 = _error("MF0112", "Aliases expand too far")
MF0113 = _error("MF0113", "A number has too many digits")
MF0114 = _error("MF0114", "A number is outside the range of a double")
MF0115 = _error("MF0115", "A number is not finite")
MF0116 = _error("MF0116", "A file has too many problems")
MF0120 = _error("MF0120", "A key stands twice in one mapping")

# MF02: YAML
MF0200 = _error("MF0200", "The text is not YAML")
MF0201 = _error("MF0201", "A tab stands where spaces are required")
MF0202 = _error("MF0202", "The indentation does not fit")
MF0203 = _error("MF0203", "A colon starts a value where none is allowed")
MF0204 = _error("MF0204", "A key has no colon")
MF0205 = _error("MF0205", "A quoted string is not closed")
MF0206 = _error("MF0206", "A list or mapping in brackets is not well formed")
MF0207 = _error("MF0207", "A character cannot start a value")
MF0208 = _error("MF0208", "An escape is not valid")
MF0209 = _error("MF0209", "The head of a block text is not valid")
MF0210 = _error("MF0210", "A list entry or key stands where none is allowed")
MF0211 = _error("MF0211", "The name of an anchor or alias is not valid")
MF0212 = _error("MF0212", "An alias has no anchor")
MF0213 = _error("MF0213", "An alias stands inside its own anchor")
MF0214 = _error("MF0214", "A tag is not supported")
MF0215 = _error("MF0215", "A value does not fit its tag")
MF0216 = _error("MF0216", "Merge keys are not supported")
MF0217 = _error("MF0217", "A key is not a scalar")
MF0218 = _error("MF0218", "A key is empty")
MF0219 = _error("MF0219", "A directive is not valid")
MF0220 = _error("MF0220", "A document does not start or end properly")

# MF03: JSON
MF0301 = _error("MF0301", "The text is not JSON")
MF0302 = _error("MF0302", "A JSON string is not closed")
MF0303 = _error("MF0303", "A JSON string holds a control character")
MF0304 = _error("MF0304", "A JSON escape is not valid")
MF0305 = _error("MF0305", "A JSON string holds half a surrogate pair")
MF0306 = _error("MF0306", "A JSON number is not valid")
MF0307 = _error("MF0307", "Text follows the JSON value")

# MF04: documents, their shape
MF0401 = _error("MF0401", "A document is not a mapping")
MF0402 = _error("MF0402", "The apiVersion is not known")
MF0403 = _error("MF0403", "The kind of a document is not known")
MF0404 = _error("MF0404", "A key is not known")
MF0405 = _error("MF0405", "A key is missing")
MF0406 = _error("MF0406", "A value has the wrong type")
MF0407 = _error("MF0407", "A value is not one of those allowed")
MF0408 = _error("MF0408", "A workflow has no steps")
MF0409 = _error("MF0409", "A duration cannot be read")
MF0410 = _error("MF0410", "The name of a document is not allowed")
MF0411 = _error("MF0411", "A version cannot be read")
MF0412 = _error("MF0412", "A number is out of range")
MF0413 = _error("MF0413", "A list or text is too short or too long")
MF0414 = _error("MF0414", "Keys exclude or need each other")
MF0415 = _error("MF0415", "A key is written in two spellings")
MF0416 = _error("MF0416", "A text does not have the form that its key needs")

# MF1: names
MF1001 = _error("MF1001", "A step that is named does not exist")
MF1002 = _error("MF1002", "Two steps have one name")
MF1003 = _warning("MF1003", "A failure key declares a step")
MF1004 = _error("MF1004", "A failure key misspells a step")
MF1006 = _error("MF1006", "Two branches have one name")
MF1007 = _error("MF1007", "Two workflows have one name and version")
MF1008 = _error("MF1008", "The context does not exist")
MF1009 = _error("MF1009", "Several contexts could be meant")
MF1010 = _warning("MF1010", "The workflow's input and output are untyped")
MF1011 = _error("MF1011", "A time zone does not exist")
MF1012 = _warning("MF1012", "A name is nearly one that is declared")

# (MF1101 to MF1199: names that must differ)
MF1101 = _error("MF1101", "Two names are one in generated code")
MF1102 = _warning("MF1102", "A step has the name of a root")
MF1103 = _error("MF1103", "A loop's variable hides something")
MF1104 = _error("MF1104", "A name has characters that names may not have")

# MF2: schema profile
MF2001 = _error("MF2001", "A keyword is outside the schema profile")
MF2002 = _error("MF2002", "A schema is neither a mapping nor true or false")
MF2003 = _error("MF2003", "The value of a schema keyword is not valid")
MF2004 = _error("MF2004", "A schema keyword is not known")
MF2005 = _error("MF2005", "A format is outside the schema profile")
MF2006 = _error("MF2006", "A schema dialect is outside the profile")
MF2010 = _warning("MF2010", "A schema accepts nothing")
MF2011 = _error("MF2011", "Schemas cannot be merged")
MF2012 = _error("MF2012", "A regular expression is not portable")
MF2020 = _error("MF2020", "A schema reference leads nowhere")
MF2021 = _error("MF2021", "A schema refers to itself")
MF2022 = _error("MF2022", "A schema reference leads out of the document")
MF2030 = _error("MF2030", "The variants of a union cannot be told apart")
MF2031 = _error("MF2031", "A discriminator does not fit its variants")
MF2032 = _error("MF2032", "A schema has too many combinations")
MF2041 = _warning("MF2041", "A schema constrains a type that it does not name")
MF2110 = _error("MF2110", "A constant is not a scalar")
MF2120 = _error("MF2120", "A tuple is open")
MF2130 = _error("MF2130", "A default does not fit its schema")
MF2140 = _error("MF2140", "A 64-bit integer needs a form on the wire")
MF2150 = _error("MF2150", "A number in a schema is outside the domain")
MF2201 = _error("MF2201", "Names of types, fields or members collide")
MF2202 = _error("MF2202", "A pinned name is not an identifier")
MF2203 = _error("MF2203", "The names of an enum do not match its values")

# MF3: workflow graph
MF3001 = _warning("MF3001", "No path leads to a step")
MF3002 = _error("MF3002", "A jump leaves its block")
MF3003 = _error("MF3003", "A handler is entered on success")
MF3004 = _error("MF3004", "A step for failures would also run on success")
MF3005 = _error("MF3005", "A path never ends")
MF3006 = _error("MF3006", "A cycle has neither a bound nor a wait")
MF3007 = _error("MF3007", "Fallbacks form a cycle")
MF3010 = _error("MF3010", "A jump in a list with depends_on")
MF3011 = _error("MF3011", "Steps depend on each other in a circle")
MF3012 = _warning("MF3012", "A step does not say what it depends on")
MF3013 = _error("MF3013", "A handler rejoins a list with depends_on")
MF3014 = _error("MF3014", "A step is fallback and failure handler without a mapping")
MF3015 = _error("MF3015", "A rule jumps into a block")
MF3016 = _error("MF3016", "A step depends on a handler")
MF3018 = _error("MF3018", "A step of this type cannot be a fallback")

# MF4: output
MF4001 = _error("MF4001", "A generated file was edited by hand")
MF4002 = _warning("MF4002", "A file is no longer generated but was edited by hand")
MF4003 = _error("MF4003", "A file that was not generated is in the way")
MF4004 = _error("MF4004", "An output path is not safe")
MF4005 = _error("MF4005", "The manifest cannot be read")
MF4006 = _error("MF4006", "Another run writes to the output folder")
MF4007 = _error("MF4007", "The output cannot be written")
MF4008 = _error("MF4008", "Two generated files differ only in case")
MF4009 = _error("MF4009", "The language cannot be generated")
MF4010 = _error("MF4010", "A generated file is out of date")
MF4011 = _error("MF4011", "The name of a package is not valid")
MF4012 = _error("MF4012", "Two workflows would be one package")
MF4101 = _note("MF4101", "The signature of a stub has changed")
MF4102 = _note("MF4102", "The step of a stub is gone")

# MF5: plugins and templates

# MF55: scenarios
MF5501 = _error("MF5501", "A scenario names a workflow that does not exist")
MF5502 = _error("MF5502", "A scenario names a step that does not exist")
MF5503 = _error("MF5503", "A value of a scenario does not fit its schema")
MF5504 = _error("MF5504", "A step cannot have such an outcome")
MF5505 = _error("MF5505", "Nobody waits for an event")
MF5506 = _error("MF5506", "An event that is expected is never emitted")
MF5507 = _error("MF5507", "Two scenarios have one name")
MF5508 = _warning("MF5508", "An error code of a scenario is not declared")
MF5509 = _error("MF5509", "What a scenario expects is left to chance")

# MF57: what verification finds
MF5701 = _warning("MF5701", "A run can come to no end")
MF5702 = _warning("MF5702", "A run can end without its output")
MF5703 = _note("MF5703", "A failure ends the run unanswered")
MF5704 = _warning("MF5704", "Nothing ends a wait")
MF5705 = _note("MF5705", "Nothing limits how long a step may take")
MF5706 = _warning("MF5706", "Compensation can be left incomplete")
MF5707 = _note("MF5707", "A run can fail with its effects in place")
MF5708 = _warning("MF5708", "A step fails for values that fit")
MF5709 = _warning("MF5709", "No run comes to a step")
MF5710 = _note("MF5710", "No run takes a way")
MF5711 = _warning("MF5711", "The search was ended before it was through")

# MF6: expressions and data flow
# (MF6001 to MF6019: what an expression is by itself)
MF6001 = _error("MF6001", "An expression cannot be read")
MF6002 = _error("MF6002", "A quote or bracket is never closed")
MF6003 = _error("MF6003", "An expression is too long or too deep")
MF6004 = _error("MF6004", "A function does not exist")
MF6005 = _error("MF6005", "A function gets the wrong arguments")
MF6006 = _error("MF6006", "A regular expression is not portable")
MF6007 = _error("MF6007", "A name in an expression is unknown")
MF6008 = _error("MF6008", "A number is beyond the exact range")
MF6009 = _error("MF6009", "An expression is wanted")
MF6010 = _error("MF6010", "A text holds what it cannot")
MF6011 = _error("MF6011", "A lambda is missing or out of place")
MF6012 = _error("MF6012", "A secret is not named")
MF6013 = _warning("MF6013", "A text looks like an expression")

# (MF6101 to MF6999: what expressions read, and the types of it)
MF6101 = _error("MF6101", "A path names nothing")
MF6102 = _error("MF6102", "A root cannot be read here")
MF6103 = _error("MF6103", "A path is not a value")
MF6104 = _error("MF6104", "A named condition does not exist")
MF6105 = _error("MF6105", "Named conditions read each other in a circle")
MF6106 = _error("MF6106", "An entry of security.pii is no path")
MF6107 = _error("MF6107", "A step of a loop is read outside it")
MF6108 = _error("MF6108", "A mapping hides the branches of a parallel step")
MF6109 = _error("MF6109", "Named conditions are read too often")
MF6201 = _error("MF6201", "A step that is read cannot have run")
MF6202 = _warning("MF6202", "A step that is read may not have run")
MF6203 = _warning("MF6203", "A step that is read runs at the same time")
MF6301 = _error("MF6301", "A field does not exist")
MF6302 = _error("MF6302", "Two types never meet")
MF6303 = _error("MF6303", "A value is not in the enum")
MF6304 = _error("MF6304", "A test is not true or false")
MF6305 = _error("MF6305", "A loop's source is no list")
MF6306 = _error("MF6306", "An operator gets a wrong type")
MF6307 = _warning("MF6307", "An operand may be missing")
MF6308 = _error("MF6308", "An argument has a wrong type")
MF6309 = _error("MF6309", "A value does not fit where it goes")
MF6310 = _error("MF6310", "A required member is missing")
MF6311 = _error("MF6311", "A required value may be missing")
MF6401 = _warning("MF6401", "The outputs of a function are untyped")
MF6402 = _error("MF6402", "A fallback lacks an output of its step")
MF6501 = _error("MF6501", "Nothing produces a required output property")
MF6502 = _warning("MF6502", "Nothing produces an output property")
MF6601 = _warning("MF6601", "Branches write one name")
MF6702 = _warning("MF6702", "A fallback is never used")
MF6703 = _warning("MF6703", "Nothing answers a failure that is expected")
MF6704 = _warning("MF6704", "A rule can never fire")
MF6705 = _warning("MF6705", "There is nothing to roll back")
MF6706 = _error("MF6706", "A rule that jumps reads a step of another block")
MF6707 = _warning("MF6707", "A case can never be taken")

# MF7: time, retry and size budgets
MF7001 = _error("MF7001", "A limit is zero")
MF7002 = _warning("MF7002", "A path may take longer than the workflow's timeout")
MF7003 = _warning("MF7003", "A retry can never happen")
MF7004 = _warning("MF7004", "A step's limit is longer than the workflow's")
MF7005 = _warning("MF7005", "The first delay is beyond the longest")
MF7006 = _warning("MF7006", "A heartbeat is not shorter than the timeout")
MF7007 = _error("MF7007", "One function has two circuit breakers")
MF7008 = _warning("MF7008", "A retry policy names an unknown code")
MF7009 = _warning("MF7009", "An attempt's limit is longer than that of all attempts")
MF7010 = _warning("MF7010", "A key has no effect")
MF7011 = _error("MF7011", "A schedule never comes up")

# MF8: security and style
MF8001 = _warning("MF8001", "A secret stands in clear text")
MF8002 = _error("MF8002", "A secret is not listed")
MF8003 = _error("MF8003", "A secret flows into what is stored")
MF8004 = _warning("MF8004", "A secret is part of a URL")
MF8005 = _warning("MF8005", "A secret is listed and never used")
MF8101 = _note("MF8101", "A value of the input has no size bound")
MF8102 = _note("MF8102", "A loop has no bound")

# MF89: suppressions
MF8901 = _warning("MF8901", "A suppression silences nothing")
MF8902 = _warning("MF8902", "A suppression names an unknown code")
MF8903 = _warning("MF8903", "A suppression cannot be read")
MF8904 = _warning("MF8904", "A suppression names a code that cannot be silenced")

# MF9: bugs of ours
MF9000 = _error("MF9000", "The compiler failed")


def is_silenceable(id: str) -> bool:
    """Whether a comment may silence a code: warnings and notes only, because nothing
    may be compiled from a workflow with an error in it."""
    return CODES[id].severity is not Severity.ERROR
