using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// The autograd node of every <see cref="FusedOp"/>. First-order gradients are the op's own. When backward itself is recorded
/// (create_graph) they are those of its composed form, which torch differentiates further; nothing throws in backward.
/// </summary>
internal sealed class FusedNode : autograd.SingleTensorFunction<FusedNode>
{
    /// <summary>The first argument of the node; the op's inputs follow.</summary>
    internal sealed record Call(FusedOp Op, bool[] Needs, Tensor?[] Gradients);

    public override string Name => nameof(FusedNode);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var call = (Call)vars[0];
        var inputs = Array.ConvertAll(vars[1..], input => (Tensor?)input);
        var output = call.Op.Forward(inputs, call.Needs, call.Gradients);
        ctx.save_for_backward([.. inputs.Concat(call.Gradients).Select(tensor => tensor!)]);
        ctx.save_data(nameof(Call), call);
        return output;
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        var call = (Call)ctx.get_data(nameof(Call));
        var saved = ctx.get_saved_variables();
        int count = call.Needs.Length;
        Tensor?[] inputs = [.. saved.Take(count)], gradients = [.. saved.Skip(count)];
        if (is_grad_enabled())
            Differentiate(call, inputs, grad_output, gradients);
        else if (!HoldsAll(call.Needs, gradients))
            call.Op.Backward(inputs, grad_output, call.Needs, gradients);
        else
            Scale(gradients, grad_output);
        return [null!, .. gradients.Select((gradient, i) => call.Needs[i] ? gradient!.MoveToOuterDisposeScope() : null!)];
    }

    private static bool HoldsAll(bool[] needs, Tensor?[] gradients)
    {
        for (int i = 0; i < needs.Length; i++)
        {
            if (needs[i] && gradients[i] is null) return false;
        }
        return true;
    }

    // Out of place: the saved gradients serve a second backward unchanged. loss.backward() comes with 1, and looking costs nothing
    // on the CPU; elsewhere it would stall the stream.
    private static void Scale(Tensor?[] gradients, Tensor upstream)
    {
        if (upstream.device_type == DeviceType.CPU && upstream.ToDouble() == 1) return;
        for (int i = 0; i < gradients.Length; i++) gradients[i] = gradients[i] is { } gradient ? gradient * upstream : null;
    }

    private static void Differentiate(Call call, Tensor?[] inputs, Tensor upstream, Tensor?[] gradients)
    {
        int[] wanted = [.. Enumerable.Range(0, inputs.Length).Where(i => call.Needs[i])];
        // Differentiated as leaves of their own: an input that is computed from another one (F1 and F2 of one network) must not pass
        // its gradient on to it here, since the graph outside does that.
        var copies = (Tensor?[])inputs.Clone();
        foreach (int i in wanted) copies[i] = inputs[i]!.view(inputs[i]!.shape);
        var output = call.Op.Composed(copies);
        var results = autograd.grad(
            [output], [.. wanted.Select(i => copies[i]!)], [upstream], retain_graph: true, create_graph: true, allow_unused: true);
        for (int k = 0; k < wanted.Length; k++)
            gradients[wanted[k]] = results[k] is { IsInvalid: false } result ? result : zeros_like(inputs[wanted[k]]!);
    }
}
