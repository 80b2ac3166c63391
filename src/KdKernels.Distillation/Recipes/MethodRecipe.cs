using System.Globalization;
using KdKernels.Distillation.Methods;

namespace KdKernels.Distillation.Recipes;

/// <summary>One method of a recipe with the value of each of its settings.</summary>
/// <param name="Name">As in <see cref="MethodCatalog"/>.</param>
/// <param name="Settings">Every setting that the method has.</param>
public sealed record MethodRecipe(string Name, MethodSettings Settings)
{
    /// <summary>A method with its defaults.</summary>
    /// <exception cref="ArgumentException">There is no method of this name.</exception>
    public static MethodRecipe Default(string name)
    {
        MethodDefinition definition = MethodCatalog.Find(name)
            ?? throw new ArgumentException(
                $"expected one of {string.Join(", ", MethodCatalog.Names)} but got '{name}'", nameof(name));
        return new MethodRecipe(
            name, new MethodSettings(definition.Settings.Select(setting => KeyValuePair.Create(setting.Key, setting.Default))));
    }
}

/// <summary>Values of a method's settings, in the order in which the method declares them. Equal if all values are.</summary>
public sealed class MethodSettings : IEquatable<MethodSettings>
{
    private readonly KeyValuePair<string, object>[] values;

    /// <param name="values">Each a <see cref="ScheduledValue"/>, double, int, bool, string or list of strings.</param>
    public MethodSettings(IEnumerable<KeyValuePair<string, object>> values) => this.values = [.. values];

    public IReadOnlyList<KeyValuePair<string, object>> Values => values;

    public bool Has(string key) => Array.Exists(values, entry => string.Equals(entry.Key, key, StringComparison.Ordinal));

    public ScheduledValue Scheduled(string key) => Get<ScheduledValue>(key);

    public double Real(string key) => Get<double>(key);

    public int Whole(string key) => Get<int>(key);

    public bool Flag(string key) => Get<bool>(key);

    public string Text(string key) => Get<string>(key);

    public IReadOnlyList<string> Names(string key) => Get<IReadOnlyList<string>>(key);

    /// <summary>A setting as a recipe writes it.</summary>
    public string ToWords(string key) => RecipeWriter.Value(Get<object>(key));

    /// <summary>The same with one value replaced.</summary>
    public MethodSettings With(string key, object value)
    {
        _ = Get<object>(key);
        return new MethodSettings(values.Select(entry =>
            string.Equals(entry.Key, key, StringComparison.Ordinal) ? KeyValuePair.Create(key, value) : entry));
    }

    public bool Equals(MethodSettings? other) =>
        other is not null
        && string.Equals(ToString(), other.ToString(), StringComparison.Ordinal);

    public override bool Equals(object? obj) => Equals(obj as MethodSettings);

    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(ToString());

    /// <summary>As in a recipe, on one line.</summary>
    public override string ToString() =>
        string.Join(", ", values.Select(entry => string.Create(
            CultureInfo.InvariantCulture, $"{entry.Key}: {RecipeWriter.Value(entry.Value)}")));

    private T Get<T>(string key)
    {
        foreach ((string name, object value) in values)
        {
            if (string.Equals(name, key, StringComparison.Ordinal))
            {
                return (T)value;
            }
        }

        throw new ArgumentException($"expected one of {string.Join(", ", values.Select(entry => entry.Key))} but got '{key}'", nameof(key));
    }
}
