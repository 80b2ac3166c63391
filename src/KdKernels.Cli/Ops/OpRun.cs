using System.Runtime.InteropServices;
using KdKernels.Distillation.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Cli.Ops;

/// <summary>Which implementation of an op runs.</summary>
internal enum OpImplementation
{
    Fused,
    Composed,
    Oracle,
}

/// <summary>The results of a call as arrays: outputs by name, and gradients by input name.</summary>
internal sealed record OpResults(
    IReadOnlyList<(string Name, NpyArray Array)> Outputs, IReadOnlyList<(string Input, NpyArray Array)> Gradients);

/// <summary>Runs one implementation of an op.</summary>
internal static class OpRun
{
    /// <param name="call">Inputs and settings.</param>
    /// <param name="implementation">Which one.</param>
    /// <param name="device">Where the tensors go; null for the oracles, which have none.</param>
    /// <param name="gradients">Whether gradients are wanted.</param>
    /// <param name="upstream">Gradient of the main output; null means ones.</param>
    /// <exception cref="OpException">The op refuses its inputs, or the gradient has another shape.</exception>
    public static OpResults Execute(
        OpCall call, OpImplementation implementation, Device? device, bool gradients, NpyArray? upstream)
    {
        try
        {
            return device is null
                ? RunOracle(call, gradients, upstream)
                : RunTorch(call, implementation, device, gradients, upstream);
        }
        catch (Exception failure) when (implementation != OpImplementation.Fused && IsAboutShapes(failure))
        {
            // Oracles and composed forms check nothing: they are the definition, not the interface.
            string shapes = string.Join(", ", call.Op.Inputs
                .Where(input => call.Has(input.Name))
                .Select(input => $"{input.Name} [{string.Join(", ", call.Shape(input.Name))}]"));
            throw new OpException(
                $"{call.Op.Name} cannot be computed from {shapes} with these settings; --impl fused says what it expects", failure);
        }
        catch (Exception refusal) when (refusal is ArgumentException or NotSupportedException)
        {
            throw new OpException(refusal.Message, refusal);
        }
    }

    private static bool IsAboutShapes(Exception failure) =>
        failure is ArgumentException or IndexOutOfRangeException or DivideByZeroException or OverflowException or ExternalException;

    private static OpResults RunOracle(OpCall call, bool gradients, NpyArray? upstream)
    {
        OracleRun run = call.Op.Oracle(call, upstream?.ToDoubles());
        var outputs = new List<(string, NpyArray)>();
        for (int i = 0; i < run.Outputs.Count; i++)
        {
            OracleValue value = run.Outputs[i];
            outputs.Add((call.Op.Outputs[i].Name, NpyArray.Of(NpyType.F8, value.Shape, value.Values)));
        }

        CheckUpstream(upstream, run.Outputs[0].Shape);
        var results = new List<(string, NpyArray)>();
        if (gradients)
        {
            foreach (OpInput input in call.Op.Inputs.Where(input => run.Gradients.ContainsKey(input.Name)))
            {
                results.Add((input.Name, NpyArray.Of(
                    NpyType.F8, call.Shape(input.Name), run.Gradients[input.Name])));
            }
        }

        return new OpResults(outputs, results);
    }

    private static OpResults RunTorch(
        OpCall call, OpImplementation implementation, Device device, bool gradients, NpyArray? upstream)
    {
        using DisposeScope scope = NewDisposeScope();
        call.MakeTensors(device, gradients);
        IReadOnlyList<Tensor> tensors =
            implementation == OpImplementation.Fused ? call.Op.Fused(call) : call.Op.Composed(call);
        CheckUpstream(upstream, tensors[0].shape);
        var results = new List<(string, NpyArray)>();
        OpInput[] wanted = [.. call.Op.Inputs.Where(input => input.Differentiable && call.Has(input.Name))];
        if (gradients && wanted.Length > 0)
        {
            Tensor main = tensors[0];
            Tensor weights = upstream is null
                ? ones_like(main)
                : OpTensors.Of(upstream, OpInputKind.Float).to(main.dtype).to(device);
            main.backward([weights]);
            foreach (OpInput input in wanted)
            {
                Tensor tensor = call.Tensor(input.Name);
                results.Add((input.Name, OpTensors.ToArray(tensor.grad ?? zeros_like(tensor))));
            }
        }

        var outputs = call.Op.Outputs.Select((output, i) => (output.Name, OpTensors.ToArray(tensors[i])));
        return new OpResults([.. outputs], results);
    }

    private static void CheckUpstream(NpyArray? upstream, IReadOnlyList<long> shape)
    {
        if (upstream is null) return;
        if (upstream.IsInteger)
            throw new OpException($"expected a gradient of floating-point numbers but got {upstream.Type.Name()}");
        if (!upstream.Shape.SequenceEqual(shape))
        {
            throw new OpException(
                $"expected a gradient of shape [{string.Join(", ", shape)}], as the main output has, but got {upstream.ShapeText}");
        }
    }
}
