using System.CommandLine;
using KdKernels.Cli.Ops;
using KdKernels.Cli.Output;
using KdKernels.Distillation.Formats;
using KdKernels.Distillation.Training;
using static TorchSharp.torch;

namespace KdKernels.Cli.Commands;

/// <summary>
/// <c>kd op</c>: runs any op on .npy files, so that any other implementation can be compared with ours without writing C#.
/// </summary>
internal static class OpCommand
{
    private static readonly string[] Implementations = ["fused", "composed", "oracle"];

    public static Command Create(CliConsole console)
    {
        var command = new Command("op", "Runs an op on .npy files; `op list` shows all of them.") { ListOf(console) };
        foreach (OpDefinition op in OpCatalog.All) command.Subcommands.Add(RunOf(op, console));
        return command;
    }

    private static Command ListOf(CliConsole console)
    {
        var json = new Option<bool>("--json") { Description = "One JSON array on one line." };
        var command = new Command("list", "Lists the ops: inputs, settings with their defaults, outputs, loss contract.")
        {
            json,
        };
        command.SetAction(parsed =>
        {
            ListedOp[] ops = [.. OpCatalog.All.Select(ListedOp.Of)];
            console.Out.Write(parsed.GetValue(json)
                ? JsonLine.Of(ops, JsonLine.Types.ListedOpArray) + "\n"
                : string.Join("\n", ops.Select(op => op.ToText())));
            return ExitCode.Done;
        });
        return command;
    }

    private static Command RunOf(OpDefinition op, CliConsole console)
    {
        var inputs = new Option<string[]>("--in")
        {
            Description = "An input: " + string.Join(", ", op.Inputs.Select(input => $"{input.Name} {input.Shape}")) + ".",
            HelpName = "name=file.npy",
            DefaultValueFactory = _ => [],
        };
        var settings = new Option<string[]>("--set", "-s")
        {
            Description = "A setting: " + string.Join(", ", op.Settings.Select(setting => setting.Name)) + ".",
            HelpName = "key=value",
            DefaultValueFactory = _ => [],
        };
        var gradients = new Option<bool>("--grad")
        {
            Description = $"Also the gradients of the sum of {op.Outputs[0].Name}, as grad_INPUT.npy.",
        };
        var upstream = new Option<string?>("--grad-output")
        {
            Description = $"The gradient of {op.Outputs[0].Name} instead of ones; implies --grad.",
            HelpName = "file.npy",
        };
        var implementation = new Option<string>("--impl")
        {
            Description = "fused: the kernels; composed: torch operations; oracle: the float64 definition.",
            DefaultValueFactory = _ => Implementations[0],
        };
        implementation.AcceptOnlyFromAmong(Implementations);
        var device = new Option<string>("--device")
        {
            Description = "cpu, cuda or cuda:N.",
            DefaultValueFactory = _ => "cpu",
        };
        var dtype = new Option<string?>("--dtype")
        {
            Description = "float16, bfloat16, float32 or float64: what floating-point inputs are converted to first; as stored otherwise.",
        };
        dtype.AcceptOnlyFromAmong([.. OpTensors.Types.Keys]);
        var folder = new Option<string>("--out")
        {
            Description = "The folder for the results; made if it is not there.",
            HelpName = "dir",
            Required = true,
        };
        var command = new Command(op.Name, op.Summary)
        {
            inputs, settings, gradients, upstream, implementation, device, dtype, folder,
        };
        command.SetAction(parsed =>
        {
            OpImplementation which = Enum.Parse<OpImplementation>(parsed.GetValue(implementation)!, ignoreCase: true);
            Device? place = Place(parsed.GetValue(device)!, which);
            Dictionary<string, string> given = Pairs(parsed.GetValue(settings)!, "--set key=value");
            string? type = parsed.GetValue(dtype);
            if (type is not null && which == OpImplementation.Oracle)
                throw new OpException($"expected no --dtype for the oracle, which computes in float64, but got {type}");
            var call = new OpCall(op, Arrays(parsed.GetValue(inputs)!), given)
            {
                ComputeType = type is null ? null : OpTensors.Types[type],
            };
            NpyArray? weights = parsed.GetValue(upstream) is { } path ? NpyFile.Read(path) : null;
            OpResults results = OpRun.Execute(
                call, which, place, parsed.GetValue(gradients) || weights is not null, weights);
            OpOutcome outcome = Write(results, parsed.GetValue(folder)!, op, which, place, given);
            console.Out.WriteLine(JsonLine.Of(outcome, JsonLine.Types.OpOutcome));
            return ExitCode.Done;
        });
        return command;
    }

    private static Device? Place(string device, OpImplementation implementation)
    {
        if (implementation != OpImplementation.Oracle)
            return TrainingDevice.Find(device, needsKernels: implementation == OpImplementation.Fused);
        return device == "cpu"
            ? null
            : throw new OpException($"expected --device cpu for the oracle, which is plain double arithmetic, but got {device}");
    }

    private static Dictionary<string, NpyArray> Arrays(string[] pairs) =>
        Pairs(pairs, "--in name=file.npy").ToDictionary(
            pair => pair.Key, pair => NpyFile.Read(pair.Value), StringComparer.Ordinal);

    private static Dictionary<string, string> Pairs(string[] texts, string form)
    {
        var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string text in texts)
        {
            int at = text.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0 || at == text.Length - 1) throw new OpException($"expected {form} but got '{text}'");
            if (!pairs.TryAdd(text[..at], text[(at + 1)..])) throw new OpException($"{text[..at]} was given twice");
        }

        return pairs;
    }

    private static OpOutcome Write(
        OpResults results,
        string folder,
        OpDefinition op,
        OpImplementation implementation,
        Device? device,
        Dictionary<string, string> given)
    {
        Directory.CreateDirectory(folder);
        var settings = op.Settings.ToDictionary(
            setting => setting.Name, setting => given.GetValueOrDefault(setting.Name, setting.Default!), StringComparer.Ordinal);
        return new OpOutcome(
            op.Name,
            Implementations[(int)implementation],
            device?.ToString() ?? "cpu",
            settings,
            results.Outputs.ToDictionary(
                output => output.Name,
                output => WrittenArray.Write(Path.Combine(folder, $"{output.Name}.npy"), output.Array),
                StringComparer.Ordinal),
            results.Gradients.ToDictionary(
                gradient => gradient.Input,
                gradient => WrittenArray.Write(Path.Combine(folder, $"grad_{gradient.Input}.npy"), gradient.Array),
                StringComparer.Ordinal));
    }
}
