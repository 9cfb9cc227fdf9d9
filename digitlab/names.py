"""Names for runs that people can say and remember: amber-otter."""

import secrets

_FIRST = """
amber azure bold brave brisk bronze calm clear coral crisp dapper eager early fair fleet gentle
golden happy hazel indigo ivory jade keen kind lively lucid lunar mellow merry mild misty nimble
noble olive opal patient plum proud quick quiet rapid rosy ruby rustic sage sandy scarlet serene
sharp silver sleek snowy solar spry steady sunny swift teal tidy vivid warm wise witty zesty
"""

_SECOND = """
badger bear beaver bison bobcat condor crane curlew deer dingo dolphin dove eagle egret elk
falcon ferret finch fox gecko gibbon goose grouse hare hawk heron ibex ibis jackdaw jay kestrel
kite koala lark lemur linnet lion lynx magpie marten mole moose newt ocelot oriole osprey otter
owl panda pigeon plover puffin quail rabbit raven robin salmon seal shrew stork swallow swan
tapir tern thrush tiger toad trout turtle viper vole walrus weasel whale wolf wren yak zebra
"""


def run_name() -> str:
    """An adjective and an animal, at random."""
    return f"{secrets.choice(_FIRST.split())}-{secrets.choice(_SECOND.split())}"
