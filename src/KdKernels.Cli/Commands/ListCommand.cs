using System.CommandLine;
using KdKernels.Cli.Output;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Models;
using KdKernels.Distillation.Recipes;

namespace KdKernels.Cli.Commands;

/// <summary><c>kd list</c>: the names that a recipe may use.</summary>
internal static class ListCommand
{
    private static readonly Dictionary<string, Func<IEnumerable<ListedName>>> Kinds = new(StringComparer.Ordinal)
    {
        ["methods"] = () => Enum.GetValues<DistillMethod>().Select(method => new ListedName(
            System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(method.ToString()), Describe(method))),
        ["models"] = () => ModelRegistry.Models.Select(model => new ListedName(model.Name, model.Description)),
        ["datasets"] = () => DataSources.Names.Select(name => new ListedName(name, DataSources.Describe(name))),
        ["recipes"] = () => RecipeReader.Shipped.Select(name => new ListedName(name, FirstComment(RecipeReader.ShippedText(name)))),
    };

    public static Command Create(CliConsole console)
    {
        var kind = new Argument<string>("kind") { Description = string.Join(", ", Kinds.Keys) };
        kind.AcceptOnlyFromAmong([.. Kinds.Keys]);
        var json = new Option<bool>("--json") { Description = "One JSON array on one line." };
        var command = new Command("list", "Lists the names that a recipe may use.") { kind, json };
        command.SetAction(parsed =>
        {
            ListedName[] names = [.. Kinds[parsed.GetValue(kind)!]()];
            console.Out.Write(parsed.GetValue(json)
                ? JsonLine.Of(names, JsonLine.Types.ListedNameArray) + "\n"
                : Lines(names));
            return ExitCode.Done;
        });
        return command;
    }

    private static string Lines(ListedName[] names)
    {
        int width = names.Max(entry => entry.Name.Length);
        return string.Concat(names.Select(entry => $"{entry.Name.PadRight(width)}   {entry.Description}\n"));
    }

    private static string Describe(DistillMethod method) => method switch
    {
        DistillMethod.None => "no distillation: only the plain students are trained",
        DistillMethod.Kd => "(1 − alpha) CE + alpha T² KL(teacher ‖ student), Hinton et al. 2015",
        _ => throw new ArgumentOutOfRangeException(nameof(method), method, "expected a method with a description"),
    };

    /// <summary>A shipped recipe says in its first comment what it is.</summary>
    private static string FirstComment(string recipe)
        => recipe.Split('\n').FirstOrDefault(line => line.StartsWith('#'))?.TrimStart('#').Trim() ?? "";
}
