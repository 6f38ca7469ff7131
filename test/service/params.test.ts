import { describe, expect, test } from 'vitest';
import { CommandParams } from '../../src/service/params.ts';
import { ListedParams, paramsHelp } from '../../src/service/params-help.ts';

const usage = (message: string | RegExp, hint?: string | RegExp) =>
  expect.objectContaining({
    code: 'E_USAGE',
    exitCode: 2,
    message: typeof message === 'string' ? message : expect.stringMatching(message),
    ...(hint === undefined ? {} : { hint: expect.stringMatching(hint) }),
  });
const thrown = (fn: () => unknown): unknown => {
  try {
    fn();
  } catch (error) {
    return error;
  }
  return 'nothing was thrown';
};

describe('parameters of a job', () => {
  test('are what was given, or the fallback', () => {
    const params = new CommandParams(['rate=0', 'output=a=b', 'deep=true', 'lag=10 minutes']);
    expect(params.number('rate', 4000)).toBe(0);
    expect(params.string('output', 'out')).toBe('a=b');
    expect(params.boolean('deep', false)).toBe(true);
    expect(params.duration('lag', '1 second')).toBe('10 minutes');
    expect(params.string('other', 'x')).toBe('x');
    expect(params.boolean('no', false)).toBe(false);
    params.refuseUnasked();
  });

  test.each([
    ['rate=abc', /^the parameter rate=abc is not a number$/],
    ['rate=', /^the parameter rate= is not a number$/],
    ['rate=Infinity', /is not a number$/],
  ])('%s for a number is refused', (word, message) => {
    expect(thrown(() => new CommandParams([word]).number('rate', 1))).toEqual(usage(message));
  });

  test('a boolean is true or false, a duration has its unit', () => {
    expect(thrown(() => new CommandParams(['deep=yes']).boolean('deep', false))).toEqual(usage(/is not true or false$/));
    expect(thrown(() => new CommandParams(['lag=10']).duration('lag'))).toEqual(usage(/is not a duration/));
  });

  test('a word that is no key=value, and a key that comes twice, are refused at once', () => {
    expect(thrown(() => new CommandParams(['rate']))).toEqual(usage("'rate' is not a parameter: write key=value"));
    expect(thrown(() => new CommandParams(['=1']))).toEqual(usage(/is not a parameter/));
    expect(thrown(() => new CommandParams(['a=1', 'a=2']))).toEqual(usage("the parameter 'a' is given twice"));
  });

  test('one that nobody asked for is refused with the nearest that was', () => {
    const params = new CommandParams(['outptu=x']);
    params.string('output', 'out');
    params.number('rate', 4000);
    expect(thrown(() => params.refuseUnasked())).toEqual(
      usage("unknown parameter 'outptu'", /did you mean 'output'\? the job takes: output, rate/),
    );
  });

  test('one that is near to nothing is refused with the list', () => {
    const params = new CommandParams(['x=1']);
    expect(thrown(() => params.refuseUnasked())).toEqual(usage("unknown parameter 'x'", /^the job takes no parameters$/));
  });

  test('one that the job needs and nobody gave is asked for, with a look at what was given', () => {
    expect(thrown(() => new CommandParams([]).string('topic'))).toEqual(usage(/^the job needs the parameter 'topic'/, /topic=…/));
    expect(thrown(() => new CommandParams(['topc=a']).string('topic'))).toEqual(
      usage(/needs/, /did you mean 'topic' where you wrote 'topc'/),
    );
  });

  test('are listed with type and default', () => {
    const params = new ListedParams();
    expect([
      params.string('output', 'out'),
      params.number('rate', 4000),
      params.boolean('deep'),
      params.duration('lag'),
      params.string('topic'),
    ]).toEqual(['out', 4000, false, '1 second', '']);
    expect(paramsHelp('job.ts', params.asked)).toBe(
      [
        'Parameters of job.ts, as key=value after --:',
        '  output  string    default out',
        '  rate    number    default 4000',
        '  deep    boolean   required',
        '  lag     duration  required',
        '  topic   string    required',
      ].join('\n'),
    );
    expect(paramsHelp('job.ts', [])).toBe('job.ts takes no parameters');
  });
});
