using System.Text;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        private const int EdgeItems = 3;
        private const long WholeBelow = 1000;

        /// <summary>
        /// Shape, element type and device; then the elements, of large tensors only those at the edges.
        /// </summary>
        public override string ToString()
        {
            if (IsInvalid) return "[disposed]";
            long[] sizes = shape;
            var text = new StringBuilder();
            _ = text.Append('[').AppendJoin('x', sizes).Append("], type = ").Append(dtype);
            _ = text.Append(", device = ").Append(device);
            if (is_meta) return text.ToString();
            using IDisposable noGrad = no_grad();
            using Tensor values = Printable();
            bool whole = NumberOfElements <= WholeBelow;
            _ = text.Append(sizes.Length == 0 ? ", value = " : Environment.NewLine);
            AppendElements(text, values, whole, 1);
            return text.ToString();
        }

        /// <summary>
        /// On the CPU, in a type that prints exactly: Float64 for real numbers, Int64 for the others.
        /// </summary>
        private Tensor Printable()
        {
            using Tensor local = detach();
            return local.to(local.is_floating_point() ? ScalarType.Float64 : ScalarType.Int64, CPU);
        }

        private void AppendElements(StringBuilder text, Tensor values, bool whole, int depth)
        {
            if (values.dim() == 0)
            {
                AppendNumber(text, values);
                return;
            }
            long count = values.size(0);
            _ = text.Append('[');
            for (long i = 0; i < count; i++)
            {
                if (i > 0) _ = values.dim() == 1 ? text.Append(", ") : text.Append(',').AppendLine().Append(' ', depth);
                if (!whole && count > 2 * EdgeItems && i == EdgeItems)
                {
                    _ = text.Append("...");
                    i = count - EdgeItems - 1;
                    continue;
                }
                using Tensor item = values[i];
                AppendElements(text, item, whole, depth + 1);
            }
            _ = text.Append(']');
        }

        private void AppendNumber(StringBuilder text, Tensor value)
        {
            Scalar number = value.ToScalar();
            if (dtype == ScalarType.Bool) _ = text.Append(number.ToBoolean() ? "true" : "false");
            else if (is_floating_point()) _ = text.Append(number.ToDouble().ToString("g5"));
            else _ = text.Append(number.ToInt64());
        }
    }
}
