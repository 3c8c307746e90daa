import { InputError } from '../util/errors.ts';

/** The address of an endpoint. @throws InputError where it is none by http or https, or holds a password, which would stand in shells' histories and reports. */
export function parseAddress(address: string): URL {
  const url = URL.parse(address);
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new InputError(`"${address}" is no http or https address`);
  }
  if (url.username || url.password) {
    throw new InputError('the address holds a user name or password', {
      hint: 'give them as an authorization header instead (--headers file)',
    });
  }
  return url;
}
