using System.Globalization;
using System.Text;
using KdKernels.Distillation.Recipes;

namespace KdKernels.Distillation.Methods;

/// <summary>A method's documentation as Markdown, from its definition alone.</summary>
public static class MethodPage
{
    /// <summary>Every page by its file name, and an index.</summary>
    public static IReadOnlyList<(string File, string Text)> All =>
        [("README.md", Index()), .. MethodCatalog.All.Select(method => ($"{method.Name}.md", Of(method)))];

    /// <summary>One method's page.</summary>
    public static string Of(MethodDefinition method)
    {
        ArgumentNullException.ThrowIfNull(method);
        MethodSettings defaults = MethodRecipe.Default(method.Name).Settings;
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# {method.Name}\n\n{Capitalised(method.Summary)}.\n");
        if (method.Paper.Length > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n*{method.Paper}*\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"\n{method.Description.Trim()}\n\n");
        text.Append(CultureInfo.InvariantCulture, $"Teacher: {Teacher(method.Teacher)}.");
        if (method.Task is { } task)
        {
            text.Append(CultureInfo.InvariantCulture, $" For {task} only.");
        }

        if (method.Expansion == BatchExpansion.Rotations)
        {
            text.Append(" Every batch is enlarged to 4B images, in four orientations.");
        }

        int first = method.FirstStageEpochs(defaults);
        if (first > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $" Two stages: {first} epochs first, in which labels count nothing.");
        }

        int parts = method.TeacherStageEpochs(defaults);
        if (parts > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $" Parts on top of the teacher are trained once, for {parts} epochs.");
        }

        text.Append('\n');
        AddTerms(text, method.Contract(defaults));
        AddSettings(text, method, defaults);
        text.Append(CultureInfo.InvariantCulture, $"\n`kd train -c {method.Recipe}");
        text.Append(method.Recipe == method.Name ? "" : $" -s method={method.Name}");
        text.Append(CultureInfo.InvariantCulture, $"` trains it, `kd explain-loss -s method={method.Name}` prints its terms with numbers.\n");
        return text.ToString();
    }

    private static void AddTerms(StringBuilder text, IReadOnlyList<TermContract> terms)
    {
        if (terms.Count == 0)
        {
            return;
        }

        text.Append("\n## Terms\n\n| term | sum | divided by | power of T | weight | gradient | detached |\n|---|---|---|---|---|---|---|\n");
        foreach (TermContract term in terms)
        {
            text.Append("| ").AppendJoin(
                " | ",
                Cell(term.Term), Cell(term.Numerator), Cell(term.Divisor), $"{term.TemperaturePower}", Cell(term.Weight),
                Cell(term.Gradient), Cell(term.Detached)).Append(" |\n");
        }
    }

    private static void AddSettings(StringBuilder text, MethodDefinition method, MethodSettings defaults)
    {
        if (method.Settings.Count == 0)
        {
            return;
        }

        text.Append("\n## Settings\n\n| key | default | meaning | allowed |\n|---|---|---|---|\n");
        foreach (MethodSetting setting in method.Settings)
        {
            text.Append("| ").AppendJoin(
                " | ", $"`{setting.Key}`", Cell(defaults.ToWords(setting.Key)), Cell(setting.Meaning), Cell(setting.Expected)).Append(" |\n");
        }
    }

    private static string Index()
    {
        var text = new StringBuilder(
            "# Distillation methods\n\nWritten by `kd list methods --pages`, from the definitions. Several methods add their terms:\n\n"
            + "```yaml\ndistill:\n  methods:\n    - {name: kd, temperature: 4, alpha: 0.9}\n    - {name: attention, weight: 1000}\n```\n\n"
            + "| method | what it is | paper |\n|---|---|---|\n");
        foreach (MethodDefinition method in MethodCatalog.All)
        {
            text.Append(CultureInfo.InvariantCulture, $"| [{method.Name}]({method.Name}.md) | {Cell(method.Summary)} | {Cell(method.Paper)} |\n");
        }

        return text.ToString();
    }

    private static string Teacher(TeacherNeed need) => need switch
    {
        TeacherNeed.None => "none",
        TeacherNeed.SameClasses => "of the same classes",
        _ => "any, also of other classes",
    };

    private static string Capitalised(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).Replace('\n', ' ');
}
