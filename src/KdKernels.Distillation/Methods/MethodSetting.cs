using KdKernels.Distillation.Recipes;

namespace KdKernels.Distillation.Methods;

/// <summary>One setting of a method: its key in recipes, what it means, its default, and how it is read. Documentation
/// pages, recipes and error messages all come from here.</summary>
public sealed class MethodSetting
{
    private readonly Func<RecipeSection, object> read;

    private MethodSetting(string key, string meaning, object standard, string expected, Func<RecipeSection, object> read)
    {
        Key = key;
        Meaning = meaning;
        Default = standard;
        Expected = expected;
        this.read = read;
    }

    public string Key { get; }

    /// <summary>One sentence, with the paper's symbol where it has one.</summary>
    public string Meaning { get; }

    /// <summary>A <see cref="ScheduledValue"/>, double, int, bool, string or list of strings.</summary>
    public object Default { get; }

    /// <summary>What values are allowed, in words.</summary>
    public string Expected { get; }

    internal object Read(RecipeSection section) => read(section);

    /// <summary>A finite number that may follow a schedule.</summary>
    internal static MethodSetting Scheduled(
        string key, ScheduledValue standard, Predicate<double> allowed, string expected, string meaning) =>
        new(key, meaning, standard, expected, section => section.Scheduled(key, standard, allowed, expected));

    /// <summary>The factor of a term; it may follow a schedule.</summary>
    internal static MethodSetting Weight(string key, ScheduledValue standard, string meaning) =>
        Scheduled(key, standard, number => double.IsFinite(number) && number >= 0, "a weight of at least 0", meaning);

    /// <summary>T in (0, ∞]; it may follow a schedule.</summary>
    internal static MethodSetting Temperature(ScheduledValue standard, string key = "temperature", string? meaning = null) =>
        Scheduled(
            key,
            standard,
            number => number > 0,
            "a temperature above 0 (or .inf)",
            meaning ?? "T: both networks' logits are divided by it; T² keeps the gradient's size");

    /// <summary>A finite number.</summary>
    internal static MethodSetting Real(
        string key, double standard, Predicate<double> allowed, string expected, string meaning) =>
        new(key, meaning, standard, expected, section => section.Real(key, standard, allowed, expected));

    internal static MethodSetting Whole(string key, int standard, int least, string meaning, int most = int.MaxValue) =>
        new(
            key,
            meaning,
            standard,
            most == int.MaxValue ? $"a whole number of at least {least}" : $"a whole number from {least} to {most}",
            section => section.Whole(key, standard, least, most));

    internal static MethodSetting Flag(string key, bool standard, string meaning) =>
        new(key, meaning, standard, "true or false", section => section.Boolean(key, standard));

    /// <summary>One of some words; the first is the default.</summary>
    internal static MethodSetting Choice(string key, IReadOnlyList<string> words, string meaning) =>
        new(key, meaning, words[0], $"one of {string.Join(", ", words)}", section => section.OneOf(key, words[0], words));

    /// <summary>A text, a module's name for example.</summary>
    internal static MethodSetting Text(string key, string standard, string expected, string meaning) =>
        new(key, meaning, standard, expected, section => section.Text(key, standard));

    /// <summary>Names, of modules for example.</summary>
    internal static MethodSetting Names(string key, IReadOnlyList<string> standard, string meaning) =>
        new(key, meaning, standard, "a list of names", section => section.Texts(key, standard));
}
