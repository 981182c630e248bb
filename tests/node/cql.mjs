// Runs CQL libraries in two engines of others: the text as they compile it, and our ELM.
// stdin: a list of {cql, elm, strict, candidates: [{fact: value}], every}
// stdout, last line: a list of {errors, ours, compiled, cqframework}, each of these one row a candidate; the last,
// which takes 100 ms for each, one row for the first of every so many
import { readFileSync } from "node:fs";
import { CqlTranslator, LibraryManager, ModelManager, createLibrarySourceProvider, stringAsSource } from "@cqframework/cql/cql-to-elm";
import { SystemModelInfoProvider } from "@cqframework/cql/cql";
import * as engine from "@cqframework/cql/engine";
import { KtMap } from "@cqframework/cql/kotlin-kotlin-stdlib";
import execution from "cql-execution";

const NAMES = ["Disposition", "Pathway", "Phase", "Possible", "Unusable"];

function manager() {
  const models = new ModelManager();
  models.modelInfoLoader.registerModelInfoProvider(new SystemModelInfoProvider());
  return new LibraryManager(models);
}

async function executed(elm, asked) {
  const library = new execution.Library(elm);
  const given = [];
  for (const facts of asked.candidates) {
    const executor = new execution.Executor(library, undefined, { ...facts, Strict: asked.strict });
    const results = (await executor.exec(new execution.PatientSource([]))).unfilteredResults;
    given.push(NAMES.map((name) => results[name]));
  }
  return given;
}

const value = (given) =>
  given === null ? null
  : typeof given === "boolean" ? new engine.Boolean(given)
  : typeof given === "number" ? new engine.Integer(given)
  : new engine.String(given);

const plain = (found) =>
  found == null ? null
  : found instanceof engine.List ? [...engine.iterableToList(found.value).asJsReadonlyArrayView()].map(plain)
  : found.value;

function evaluated(runner, asked) {
  return asked.candidates.filter((_, place) => place % asked.every === 0).map((facts) => {
    const wanted = new engine.EvaluationParams.LibraryParams.Builder();
    wanted.expressionsByName(NAMES);
    const parameters = new engine.EvaluationParams.Builder();
    parameters.libraryByName("CandidateTriageDecision", wanted.build());
    const given = Object.entries({ ...facts, Strict: asked.strict }).map(([name, each]) => [name, value(each)]);
    parameters.parameters = KtMap.fromJsMap(new Map(given));
    const results = runner.evaluate(parameters.build()).onlyResultOrThrow;
    return NAMES.map((name) => plain(results.getByName(name).value));
  });
}

// to compile takes seconds: once for each text
const compiled = new Map();
function compile(cql) {
  if (!compiled.has(cql)) {
    const translator = CqlTranslator.fromText(cql, manager());
    const libraries = manager();
    libraries.librarySourceLoader.registerProvider(createLibrarySourceProvider(() => stringAsSource(cql)));
    compiled.set(cql, {
      errors: translator.errors.asJsReadonlyArrayView().map((error) => String(error.message)),
      elm: JSON.parse(translator.toJson()),
      runner: new engine.CqlEngine(new engine.Environment(libraries)),
    });
  }
  return compiled.get(cql);
}

const done = [];
for (const asked of JSON.parse(readFileSync(0, "utf8"))) {
  const { errors, elm, runner } = compile(asked.cql);
  done.push({
    errors,
    ours: await executed(asked.elm, asked),
    compiled: await executed(elm, asked),
    cqframework: evaluated(runner, asked),
  });
}
process.stdout.write(`\n${JSON.stringify(done)}`);
