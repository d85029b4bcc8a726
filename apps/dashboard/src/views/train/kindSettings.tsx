/** Fields for the settings of one kind of model, made of its schema, so that a new kind needs no form of its own. */
import { Field } from '../../ui/parts';
import type { Setting, Written } from './settings';

export function KindSettings({
  settings,
  written,
  onChange,
}: {
  settings: readonly Setting[];
  written: Written;
  onChange: (written: Written) => void;
}) {
  return (
    <div className="fields" style={{ marginTop: 14 }}>
      {settings.map(({ path, schema }) => {
        const id = `setting-${path}`;
        const shared = {
          id,
          value: written[path] ?? '',
          onChange: (event: { target: { value: string } }) => onChange({ ...written, [path]: event.target.value }),
        };
        const choices = schema.type === 'boolean' ? ['true', 'false'] : schema.enum;
        const number = schema.type === 'integer' || schema.type === 'number';
        return (
          <Field key={path} id={id} label={path} help={schema.description}>
            {choices ? (
              <select {...shared}>
                <option value="">default</option>
                {choices.map((choice) => (
                  <option key={choice}>{choice}</option>
                ))}
              </select>
            ) : number ? (
              <input {...shared} type="number" min={schema.minimum} step={schema.type === 'integer' ? 1 : 'any'} placeholder="default" />
            ) : (
              <input {...shared} placeholder="default, or JSON" autoComplete="off" spellCheck={false} />
            )}
          </Field>
        );
      })}
    </div>
  );
}
